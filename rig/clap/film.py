"""The film to clap with: at each clap the stand-in's mouth snaps open, the picture flashes and a click sounds, all at once."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from rig.clap.click import click
from rig.clap.pairs import claps
from services.faceswap.sources.stand_in.drawing import Artist
from services.faceswap.sources.stand_in.live_link import SHAPES, Pose
from shared.errors import BadInput

RATE_HZ = 48_000
FLASH_S = 0.12
OPEN_S = 0.3
AFTER_S = 1.5
_WHITE = 0.8
_JAW = 0.9


def clap_times(fps: int) -> list[float]:
    """When the claps are, seconds: each at the beginning of a picture."""
    return [round(at * fps) / fps for at in claps()]


def write_clap(path: Path, fps: int, size: tuple[int, int], progress: Callable[[str, float], None]) -> int:
    """Write the film; returns how many claps are in it.

    Args:
        path: An .mp4 or .mov.
        fps: Pictures a second; best the display's, or a whole part of it.
        size: Width and height, pixels, even.
        progress: Told what is done, and the share of it.

    Raises:
        BadInput: It cannot be written there, or in that format.
    """
    times = clap_times(fps)
    length_s = times[-1] + AFTER_S
    try:
        with av.open(str(path), "w") as container:
            video = container.add_stream("libx264", rate=fps, options={"preset": "veryfast", "crf": "18"})
            video.width, video.height, video.pix_fmt = *size, "yuv420p"
            audio = container.add_stream("aac", rate=RATE_HZ, layout="mono")
            pictures = _Pictures(*size)
            for number in range(round(length_s * fps)):
                frame = av.VideoFrame.from_ndarray(pictures.at(number / fps, times), format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, fps)
                container.mux(video.encode(frame))
                progress("picture", number / (length_s * fps))
            container.mux(video.encode(None))
            _write_sound(container, audio, soundtrack(times, length_s, RATE_HZ))
    except (OSError, ValueError, av.FFmpegError) as error:
        raise BadInput(f"clap: cannot write {path}: {error}; name an .mp4 in a folder that is there") from error
    return len(times)


def soundtrack(times: list[float], length_s: float, rate_hz: int) -> NDArray[np.float32]:
    """Mono, shape (n,), with a click at each of the times."""
    track = np.zeros(round(length_s * rate_hz), np.float32)
    one = click(rate_hz)
    for at in times:
        first = round(at * rate_hz)
        track[first : first + len(one)] += one
    return track


class _Pictures:
    """The two pictures there are, open and shut, and their flash."""

    def __init__(self, width: int, height: int) -> None:
        artist = Artist(width, height)
        opened = tuple(_JAW if name == "jawOpen" else 0.0 for name in SHAPES)
        self._shut, self._open = artist.draw(Pose()).copy(), artist.draw(Pose(weights=opened)).copy()
        self._flash = np.asarray(self._open * (1 - _WHITE) + 255 * _WHITE, np.uint8)

    def at(self, now: float, times: list[float]) -> NDArray[np.uint8]:
        """The picture that begins at `now`, seconds."""
        since = min((now - at for at in times if now >= at - 1e-6), default=1e9)
        if since < FLASH_S - 1e-6:
            return self._flash
        return self._open if since < OPEN_S - 1e-6 else self._shut


def _write_sound(container: Any, stream: Any, track: NDArray[np.float32]) -> None:
    for first in range(0, len(track), 1024):
        block = av.AudioFrame.from_ndarray(track[None, first : first + 1024], format="fltp", layout="mono")
        block.rate, block.pts, block.time_base = RATE_HZ, first, Fraction(1, RATE_HZ)
        container.mux(stream.encode(block))
    container.mux(stream.encode(None))
