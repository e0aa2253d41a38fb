"""Reads a film that a telephone made: brightness of its pictures, its sound, and both on one clock."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
from numpy.typing import NDArray

from rig.clap.flash import Grid
from shared.errors import BadInput

RATE_HZ = 24_000
LONGEST_S = 180.0
_BLOCKS = (32, 18)
"""Columns and rows of the brightness grid."""
_GAP_S = 0.01


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the film; all times in seconds on the film's own clock."""

    times: list[float]
    """When each picture begins."""
    grids: list[Grid]
    sound: NDArray[np.float32]
    """Mono, 24 kHz."""
    sound_at: float
    """When its first sample is."""


def read_recording(path: Path) -> Recording:
    """Pictures and sound of a film, at most the first three minutes.

    Raises:
        BadInput: There is no such file, or not both picture and sound in it.
    """
    times: list[float] = []
    grids: list[Grid] = []
    for frame in _frames(path):
        times.append(frame.time)
        small = frame.reformat(width=_BLOCKS[0], height=_BLOCKS[1], format="gray", interpolation="AREA")
        grids.append(small.to_ndarray().astype(np.float32))
    if len(times) < 2:
        raise BadInput(f"clap: there is no picture in {path}; film the mirror with a telephone, sound and all")
    order = np.argsort(times, kind="stable")
    sound, sound_at = _sound(path)
    return Recording(
        times=[times[at] for at in order], grids=[grids[at] for at in order], sound=sound, sound_at=sound_at
    )


def pictures(path: Path, longest_px: int = 960) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Every picture, upright, BGR, and when it begins. Raises BadInput."""
    for frame in _frames(path):
        scale = min(1.0, longest_px / max(frame.width, frame.height))
        size = {"width": round(frame.width * scale), "height": round(frame.height * scale)}
        pixels = frame.reformat(**size, format="bgr24", interpolation="AREA").to_ndarray()
        # Telephones lay their films on the side and say by how much to turn them back.
        yield frame.time, np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))


def _frames(path: Path) -> Iterator[Any]:
    with _open(path) as container:
        if not container.streams.video:
            raise BadInput(f"clap: there is no picture in {path}; film the mirror with a telephone, sound and all")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        try:
            for frame in container.decode(stream):
                if frame.time is None:
                    continue
                if frame.time > LONGEST_S:
                    return
                yield frame
        except av.FFmpegError as error:
            raise BadInput(f"clap: {path} is damaged: {error.strerror}") from error


def _sound(path: Path) -> tuple[NDArray[np.float32], float]:
    with _open(path) as container:
        if not container.streams.audio:
            raise BadInput(f"clap: there is no sound in {path}; film with the microphone on")
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        began: float | None = None
        pieces: list[NDArray[np.float32]] = []
        length = 0
        for frame in container.decode(container.streams.audio[0]):
            for block in resampler.resample(frame):
                at = float(block.time or 0.0)
                began = at if began is None else began
                # A telephone may leave a hole; what follows must not slide into it.
                missing = round((at - began) * RATE_HZ) - length
                if missing > _GAP_S * RATE_HZ:
                    pieces.append(np.zeros(missing, np.float32))
                    length += missing
                pieces.append(block.to_ndarray()[0])
                length += len(pieces[-1])
            if length > LONGEST_S * RATE_HZ:
                break
    if began is None:
        raise BadInput(f"clap: the sound in {path} is empty; film with the microphone on")
    return np.concatenate(pieces), began


def _open(path: Path) -> Any:
    if not path.is_file():
        raise BadInput(f"clap: no film {path}")
    try:
        return av.open(str(path))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadInput(f"clap: {path} cannot be read as a film ({getattr(error, 'strerror', error)})") from error
