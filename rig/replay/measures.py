"""How far sound, faces and pictures are from each other. Pure."""

import io
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from shared.audio import rms_dbfs, to_float

BANDS = 24
LOWEST_HZ, HIGHEST_HZ = 80.0, 7_600.0
WINDOW = 1_024
FLOOR_DB = -80.0
"""Quieter than this is silence: a difference of nothing to less than nothing counts for none."""

THUMBNAIL = (64, 48)
"""Pictures are compared small: JPEG's own noise is gone, a wrong face is not."""

POSE_VALUES = 52

Sound = NDArray[np.float32]


class SoundDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Of two sounds."""

    length_s: float
    level_db: float
    spectral_db: float
    """Root mean square over bands of the long-term spectra, level taken out."""


def sound_difference(then: bytes, now: bytes, rate: int) -> SoundDifference:
    """How far two sounds, int16 little-endian mono at `rate`, are apart."""
    a, b = to_float(then[: len(then) // 2 * 2]), to_float(now[: len(now) // 2 * 2])
    level = abs(_level(a) - _level(b))
    left, right = _spectrum(a, rate), _spectrum(b, rate)
    spectral = float(np.sqrt(np.mean(np.square(left - right))))
    return SoundDifference(
        length_s=abs(a.size - b.size) / rate, level_db=round(level, 2), spectral_db=round(spectral, 2)
    )


def _level(sound: Sound) -> float:
    return max(FLOOR_DB, rms_dbfs(sound))


def _spectrum(sound: Sound, rate: int) -> NDArray[np.float64]:
    """Decibels by band, shape (BANDS,), relative to the sound's own mean."""
    padded = np.pad(sound, (0, max(0, WINDOW - sound.size)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:: WINDOW // 2]
    power = np.mean(np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2, axis=0) / WINDOW
    at_hz = np.fft.rfftfreq(WINDOW, 1 / rate)
    edges = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, rate / 2), BANDS + 1)
    bands = [power[(at_hz >= low) & (at_hz < high)] for low, high in pairwise(edges)]
    found = np.array([band.mean() if band.size else np.nan for band in bands])
    decibels = np.maximum(FLOOR_DB, 10 * np.log10(np.maximum(np.nan_to_num(found, nan=1e-12), 1e-12)))
    level: NDArray[np.float64] = decibels - decibels.mean()
    level[np.isnan(found)] = 0.0
    return level


def pose_difference(then: bytes, now: bytes) -> float:
    """Mean absolute difference of blendshape weights, over the poses both have; float32 little-endian, (n, 52) each."""
    a, b = (np.frombuffer(raw[: len(raw) // (4 * POSE_VALUES) * 4 * POSE_VALUES], "<f4") for raw in (then, now))
    both = min(a.size, b.size)
    return float(np.mean(np.abs(a[:both] - b[:both]))) if both else 0.0


def picture_difference(then: bytes, now: bytes) -> float:
    """Mean absolute difference in grey, 0..255; 255 if one is no picture."""
    try:
        a, b = (
            np.asarray(Image.open(io.BytesIO(jpeg)).convert("L").resize(THUMBNAIL), np.int16) for jpeg in (then, now)
        )
    except (UnidentifiedImageError, OSError):
        return 255.0
    return float(np.mean(np.abs(a - b)))
