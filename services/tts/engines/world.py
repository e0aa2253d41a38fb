"""Speech taken apart into pitch, envelope and breath, and put together again: the edge to the WORLD vocoder."""

import msgspec
import numpy as np
import pyworld
from numpy.typing import NDArray

from shared.errors import EngineFailed

Floats = NDArray[np.float64]

WORLD_HZ = 22_050
"""Rate everything here runs at: Piper's own."""

FRAME_MS = 5.0
BLOCK = 441
"""Samples in 20 ms, four frames: the finest step at which frames and samples meet."""

FFT = 1024
BINS = FFT // 2 + 1
HERTZ = np.linspace(0.0, WORLD_HZ / 2.0, BINS)
"""Frequency of each bin of an envelope."""

_FLOOR = 1e-12
"""Power of digital silence, so that it has a logarithm."""


class Frames(msgspec.Struct, frozen=True):
    """Speech, frame by frame, every FRAME_MS."""

    pitch: Floats
    """Hz, 0 where there is none, shape (n,)."""
    envelope: Floats
    """Power spectrum without the pitch, shape (n, BINS), > 0."""
    breath: Floats
    """Share of noise per bin, 0..1, shape (n, BINS)."""


def quick_pitch(samples: Floats, lowest_hz: float, highest_hz: float) -> Floats:
    """Pitch every FRAME_MS, Hz, 0 where there is none. 9 ms a second of speech; errs where a voice creaks."""
    coarse, at = pyworld.dio(samples, WORLD_HZ, f0_floor=lowest_hz, f0_ceil=highest_hz, frame_period=FRAME_MS)
    return np.asarray(pyworld.stonemask(samples, coarse, at, WORLD_HZ))


def envelope_of(samples: Floats, pitch: Floats) -> Floats:
    """Power spectrum of each frame without the pitch, shape (n, BINS)."""
    power: Floats = pyworld.cheaptrick(samples, pitch, _times(pitch), WORLD_HZ, fft_size=FFT)
    power[power < _FLOOR] = _FLOOR
    return power


def analyse(samples: Floats, pitch: Floats) -> Frames:
    """The frames of speech whose pitch is known. `samples`: -1..1 at WORLD_HZ, shape (n,)."""
    breath = pyworld.d4c(samples, pitch, _times(pitch), WORLD_HZ, fft_size=FFT)
    return Frames(pitch, envelope_of(samples, pitch), np.asarray(breath))


def synthesise(frames: Frames) -> Floats:
    """Samples at WORLD_HZ, shape (about n * 110.25,). The noise in it is the same at every call."""
    try:
        return np.asarray(
            pyworld.synthesize(
                frames.pitch,
                np.ascontiguousarray(frames.envelope),
                np.ascontiguousarray(np.clip(frames.breath, 1e-6, 1.0)),
                WORLD_HZ,
                FRAME_MS,
            )
        )
    except (ValueError, MemoryError) as error:
        raise EngineFailed(f"piper: the vocoder failed ({type(error).__name__})") from error


def _times(pitch: Floats) -> Floats:
    return np.arange(len(pitch), dtype=np.float64) * (FRAME_MS / 1000.0)
