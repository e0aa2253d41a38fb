"""How loud each part of the voice is, 120 times a second."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HOP_HZ = 120
"""Two looks at the voice for each pose."""
WINDOW_S = 0.025
"""Long enough for two periods of the lowest voice, short enough to see a /p/."""


class Levels(NamedTuple):
    """Loudness of seven bands in one window, dB."""

    low: float
    """60-400 Hz: voicing, nasal murmur."""
    f1: float
    """400-1100 Hz: an open jaw."""
    back: float
    """800-1500 Hz: the second formant of back vowels."""
    front: float
    """1600-3200 Hz: the second formant of front vowels."""
    mid: float
    """2200-4300 Hz: sh, ch."""
    high: float
    """4500-9000 Hz: s, z."""
    total: float
    """120-5000 Hz."""


_EDGES_HZ = ((60, 400), (400, 1100), (800, 1500), (1600, 3200), (2200, 4300), (4500, 9000), (120, 5000))
_QUIETEST = 1e-10
"""Keeps the logarithm of digital silence finite: -100 dB."""


class Bands:
    """The filter bank for one sample rate."""

    def __init__(self, rate_hz: int) -> None:
        self.window = round(rate_hz * WINDOW_S)
        """Samples in one look."""
        self._size = 1 << (self.window - 1).bit_length()
        self._taper = np.hanning(self.window + 2)[1:-1]
        hertz = np.fft.rfftfreq(self._size, 1 / rate_hz)
        passes = np.stack([(hertz >= low) & (hertz < high) for low, high in _EDGES_HZ], axis=1)
        self._bank = passes / (np.square(self._taper).sum() * self._size)

    def levels(self, windows: NDArray[np.float32]) -> list[Levels]:
        """Levels of each window, shape (n, window)."""
        power = np.square(np.abs(np.fft.rfft(windows * self._taper, self._size, axis=1)))
        decibels = 10.0 * np.log10(power @ self._bank + _QUIETEST)
        return [Levels(*row) for row in decibels.tolist()]
