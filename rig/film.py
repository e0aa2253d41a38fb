"""The film of a rehearsal: picture and sound as the visitor had them, H.264 and AAC in one mp4.

Left and right both carry the mirror's voice as the loudspeaker sounded it; the visitor's own voice lies to the left.
"""

import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from rig.recording import Recording, Shot
from rig.rehearse import Rehearsal
from shared.audio import MICROPHONE_HZ, VOICE_HZ
from shared.errors import BadInput
from shared.kiosk_wire import Scene

FPS = 30
WIDTH, HEIGHT = 640, 480
LEAD_S = 1.0
"""The film begins so long before the visitor steps up, and ends so long after they are forgotten."""
FADE_S = 1.5
VISITOR_GAIN = 0.6
REFLECTION = ("consent", "mirror", "crossing")
COPY = ("crossing", "copy", "farewell")

Picture = NDArray[np.uint8]
"""RGB, shape (480, 640, 3)."""


def write_film(path: Path, done: Rehearsal, progress: Callable[[str, float], None]) -> None:
    """Write the film of a rehearsal that kept its pictures.

    Raises:
        BadInput: It cannot be written there.
    """
    recording = done.recording
    begins = recording.approached_at - LEAD_S
    length_s = recording.forgotten_at - begins + LEAD_S
    glass = _Glass(recording, _reflection(done.visitor.photo))
    try:
        with av.open(str(path), "w") as container:
            video = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "23"})
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            audio = container.add_stream("aac", rate=VOICE_HZ, layout="stereo")
            for index in range(int(length_s * FPS)):
                frame = av.VideoFrame.from_ndarray(glass.at(begins + index / FPS), format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, FPS)
                container.mux(video.encode(frame))
                if index % FPS == 0:
                    progress("picture", 0.95 * index / (length_s * FPS))
            container.mux(video.encode(None))
            for sound in _blocks(soundtrack(recording, begins, length_s)):
                container.mux(audio.encode(sound))
            container.mux(audio.encode(None))
    except (OSError, av.FFmpegError) as error:
        raise BadInput(f"film: cannot write {path}: {error}") from error


def soundtrack(recording: Recording, begins: float, length_s: float) -> NDArray[np.float32]:
    """Stereo, 24 kHz, shape (2, n): the mirror on both sides, the visitor on the left."""
    mirror = np.zeros(int(length_s * VOICE_HZ) + 1, np.float32)
    visitor = np.zeros_like(mirror)
    for piece in recording.sounded:
        _lay(mirror, piece.at - round(begins * VOICE_HZ), piece.pcm.astype(np.float32) / 32768.0 * piece.gain)
    for spoken in recording.spoken:
        _lay(visitor, round((spoken.began_at - begins) * VOICE_HZ), _to_voice_rate(spoken.samples))
    both: NDArray[np.float32] = np.clip(np.stack([mirror + VISITOR_GAIN * visitor, mirror]), -1.0, 1.0)
    return both


def _lay(track: NDArray[np.float32], at: int, sound: NDArray[np.float32]) -> None:
    first, last = max(0, at), min(len(track), at + len(sound))
    if first < last:
        track[first:last] += sound[first - at : last - at]


def _to_voice_rate(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """16 kHz to 24 kHz, straight lines between samples: good enough for a film."""
    count = len(samples) * VOICE_HZ // MICROPHONE_HZ
    places = np.arange(count) * (MICROPHONE_HZ / VOICE_HZ)
    return np.asarray(np.interp(places, np.arange(len(samples)), samples), dtype=np.float32)


def _blocks(track: NDArray[np.float32]) -> Iterator[av.AudioFrame]:
    for start in range(0, track.shape[1], 1024):
        block = np.ascontiguousarray(track[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = VOICE_HZ, start, Fraction(1, VOICE_HZ)
        yield frame


def _reflection(photo: bytes) -> Picture:
    """The visitor as a plain mirror shows them."""
    image = ImageOps.mirror(Image.open(io.BytesIO(photo)).convert("RGB"))
    return np.asarray(ImageOps.fit(image, (WIDTH, HEIGHT), centering=(0.5, 0.3)))


class _Glass:
    """What the glass showed at any instant; ask in rising order."""

    def __init__(self, recording: Recording, reflection: Picture) -> None:
        self._scenes = [(0.0, Scene(look="attract")), *recording.scenes]
        self._lines = recording.lines
        self._shots: list[Shot] = recording.shots
        self._reflection = reflection.astype(np.float32)
        self._next_shot = 0
        self._copy: NDArray[np.float32] | None = None
        self._font = ImageFont.load_default(22)

    def at(self, instant: float) -> Picture:
        """The picture then."""
        while self._next_shot < len(self._shots) and self._shots[self._next_shot].shown_at <= instant:
            self._next_shot += 1
            if self._next_shot == len(self._shots) or self._shots[self._next_shot].shown_at > instant:
                self._copy = _decode(self._shots[self._next_shot - 1].jpeg)
        began, scene = next(pair for pair in reversed(self._scenes) if pair[0] <= instant)
        picture = self._look(scene, instant - began)
        line = next((line.text for at, line in reversed(self._lines) if at <= instant), "")
        return self._with_line(np.clip(picture, 0, 255).astype(np.uint8), line)

    def _look(self, scene: Scene, age_s: float) -> NDArray[np.float32]:
        dark = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        copy = self._copy if self._copy is not None else dark
        match scene.look:
            case "consent" | "mirror":
                return self._reflection
            case "crossing":
                share = np.float32(min(1.0, age_s / max(0.1, scene.crossing_s)))
                return self._reflection * (1 - share) + copy * share
            case "copy":
                return copy
            case "farewell":
                return copy * np.float32(max(0.0, 1.0 - max(0.0, age_s - 4.0) / FADE_S))
            case _:
                return dark

    def _with_line(self, picture: Picture, text: str) -> Picture:
        if not text:
            return picture
        image = Image.fromarray(picture)
        ImageDraw.Draw(image).text((WIDTH / 2, HEIGHT - 40), text, (235, 230, 220), self._font, anchor="mm")
        return np.asarray(image)


def _decode(jpeg: bytes) -> NDArray[np.float32] | None:
    if not jpeg:
        return None
    image = Image.open(io.BytesIO(jpeg)).convert("RGB")
    return np.asarray(image if image.size == (WIDTH, HEIGHT) else image.resize((WIDTH, HEIGHT)), dtype=np.float32)
