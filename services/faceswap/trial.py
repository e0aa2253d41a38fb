"""`mirror try faceswap film.mp4 --face photo.jpg --out swapped.mp4`: the configured engine on one film, alone."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from services.faceswap.config import FaceswapConfig
from services.faceswap.engines import ENGINES
from services.faceswap.enrolment import assess_picture
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import Image, SourceFace
from services.faceswap.likeness import compare, describe
from services.faceswap.mirror_maker import Look, MirrorMaker
from services.faceswap.photo import read_photo
from services.faceswap.video_source import Shot, VideoStatus
from shared.config import section
from shared.errors import BadInput

_PHOTO_BYTES, _PHOTO_PIXELS = 40_000_000, 40_000_000
"""A photo on disk may be larger than one from the kiosk."""
_CLOCK = 12_800
"""Ticks a second of the written film."""
_MAX_SIDE = 1600
"""A larger photo is made smaller: the mesh and the texture need no more."""


def run_trial(
    settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> dict[str, object]:
    """Swap the face of a photo into a film.

    Args:
        settings: All settings; section `faceswap` names the engine.
        inputs: `input`: the film; `face`: the photo; `out`: the film to write, or None to only measure.
        progress: Told the share done (0..1) and what is being done.

    Returns:
        Frames, how many were swapped, tracking by state, milliseconds a frame, and the likeness to photo and original.

    Raises:
        BadInput: No film, no photo, or no usable face in it.
    """
    config = section(settings, "faceswap", FaceswapConfig)
    film = _existing(inputs.get("input"), "film", "mirror try faceswap FILM --face PHOTO --out FILM")
    photo = _photo(inputs.get("face"))
    cv2.setNumThreads(1)
    progress(0.0, "loading the engine")
    mesh, swapper = FaceMesh(), ENGINES.open(config)
    swapper.warm_up()
    warning = _warning(photo, mesh, config)
    reel = _Reel()
    maker = MirrorMaker(reel, swapper, mesh, config.jpeg_quality)
    job = _Job(film, inputs.get("out"), swapper.prepare(photo), maker, reel)
    try:
        report = _swap_film(job, progress)
    finally:
        swapper.close()
    sample = report.pop("sample")
    return {"engine": swapper.name, **report, **_likeness(photo, sample, mesh), "photo_warning": warning}


class _Job(NamedTuple):
    """What swapping one film needs."""

    film: Path
    out: str | None
    source: SourceFace
    maker: MirrorMaker
    reel: "_Reel"


class _Reel:
    """A video source that hands out the frame it was given."""

    name = "reel"
    trouble = ""

    def __init__(self) -> None:
        self.shot: Shot | None = None

    def open(self, width: int, height: int) -> None:
        """Nothing to open."""

    def newest(self, now: float) -> Shot | None:
        """The frame."""
        del now
        return self.shot

    def status(self) -> VideoStatus:
        """Never asked."""
        return VideoStatus()

    def close(self) -> None:
        """Nothing to close."""


def _swap_film(job: _Job, progress: Callable[[float, str], None]) -> dict[str, Any]:
    counts: dict[str, int] = {}
    cpu_ms: list[float] = []
    swapped, sample = 0, None
    writer = _Writer(job.out) if job.out else None
    for at, share, pixels in _frames(job.film):
        job.reel.shot = Shot(pixels=pixels, captured_at=at)
        picture = job.maker.make(Look(source=job.source), at)
        if picture is None:
            continue
        counts[picture.tracking] = counts.get(picture.tracking, 0) + 1
        cpu_ms.append(picture.engine_s * 1000)
        shown = np.asarray(cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        if picture.is_swapped:
            swapped += 1
            sample = (pixels, shown)
        if writer:
            writer.write(shown, at)
        progress(share, "swapping")
    if writer:
        writer.close()
    if not cpu_ms:
        raise BadInput(f"film: no picture could be read from {job.film}; is it a video?")
    return {
        "frames": len(cpu_ms),
        "swapped": swapped,
        "tracking": counts,
        "cpu_ms_per_frame": {"p50": _percentile(cpu_ms, 50), "p95": _percentile(cpu_ms, 95)},
        "engine_failures": job.maker.failures,
        "out": job.out or "",
        "sample": sample,
    }


def _frames(film: Path) -> Iterator[tuple[float, float, Image]]:
    """Seconds, share of the film, and pixels of every frame. Raises BadInput if it is no film."""
    import av

    try:
        with av.open(str(film)) as container:
            if not container.streams.video:
                raise BadInput(f"film: {film} has no picture in it")
            stream = container.streams.video[0]
            length = float(container.duration or 0) / 1_000_000
            rate = float(stream.average_rate or 25)
            for index, frame in enumerate(container.decode(stream)):
                at = frame.time if frame.time is not None else index / rate
                yield (
                    at,
                    min(1.0, at / length) if length else 0.0,
                    np.asarray(frame.to_ndarray(format="bgr24"), np.uint8),
                )
    except av.FFmpegError as error:
        raise BadInput(f"film: {film} cannot be read ({error}); give an mp4, mkv, mov or webm file") from error


class _Writer:
    """An mp4 with the pictures at their own times."""

    def __init__(self, path: str) -> None:
        import av

        self._av = av
        try:
            self._container = av.open(path, "w")
        except (OSError, ValueError) as error:
            raise BadInput(f"out: cannot write {path} ({error}); give a path that ends in .mp4") from error
        self._stream: Any = None

    def write(self, pixels: Image, at_s: float) -> None:
        """One picture."""
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=25, options={"crf": "18", "preset": "fast"})
            self._stream.width, self._stream.height = pixels.shape[1] // 2 * 2, pixels.shape[0] // 2 * 2
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.time_base = Fraction(1, _CLOCK)
        even = np.ascontiguousarray(pixels[: self._stream.height, : self._stream.width])
        frame = self._av.VideoFrame.from_ndarray(even, format="bgr24")
        frame.pts = round(at_s * _CLOCK)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file."""
        if self._stream is not None:
            self._container.mux(self._stream.encode())
        self._container.close()


def _existing(name: str | None, what: str, usage: str) -> Path:
    if not name:
        raise BadInput(f"{what}: none given; {usage}")
    path = Path(name)
    if not path.is_file():
        raise BadInput(f"{what}: there is no file {name}")
    return path


def _photo(name: str | None) -> Image:
    """The photo, at most 1600 pixels on its longer side."""
    data = _existing(name, "face", "give the visitor's photo with --face PHOTO").read_bytes()
    photo = read_photo(data, max_pixels=_PHOTO_PIXELS, max_bytes=_PHOTO_BYTES)
    scale = _MAX_SIDE / max(photo.shape[:2])
    if scale >= 1:
        return photo
    return np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _warning(photo: Image, mesh: FaceMesh, config: FaceswapConfig) -> str:
    """What enrolment would have said to the photo. No face at all, or two, ends the trial."""
    reason = assess_picture(photo, mesh, config.gates).reason
    if reason in ("no_face", "two_faces", "upside_down"):
        raise BadInput(
            f"face: the photo cannot be used ({reason}); take one of one person, upright, face to the camera"
        )
    return reason


def _likeness(photo: Image, sample: tuple[Image, Image] | None, mesh: FaceMesh) -> dict[str, object]:
    """Of the last swapped frame; see `likeness.py` for what it measures."""
    if sample is None:
        return {}
    original, shown = sample
    visitor, seen = describe(photo, mesh), describe(shown, mesh)
    return {
        "similarity": round(compare(seen, visitor), 3),
        "stand_in_similarity": round(compare(seen, describe(original, mesh)), 3),
    }


def _percentile(values: list[float], which: float) -> float:
    return round(float(np.percentile(values, which)), 2)
