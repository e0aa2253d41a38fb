"""From what the mouth does to the blendshapes that show it."""

import numpy as np
from numpy.typing import NDArray

from services.a2f_bridge.blendshapes import COUNT, JAW_OPEN, MOUTH_CLOSE, POSE_HZ, Poses, clean, index, pair
from services.a2f_bridge.lipsync.seal import Track

JAW_MOST = 0.42
"""JawOpen of a wide-open vowel; more looks like shouting."""
JAW_STEP = 4.3 / POSE_HZ
"""Largest change of JawOpen between poses: what recorded faces show."""
ROUNDING_S = 0.08
"""Lips round slowly: the voice's own measure of it jumps about more than lips do."""


class Mouth:
    """Shapes poses one after another: remembers where jaw and lips were."""

    def __init__(self) -> None:
        self._jaw = 0.0
        self._rounding = 0.0

    def poses(self, smooth: NDArray[np.float64], crisp: NDArray[np.float64], seal: Track) -> Poses:
        """Poses of n instants.

        Args:
            smooth: Articulations averaged over +-33 ms, shape (n, 8): vowels.
            crisp: The same over +-8 ms: consonants.
            seal: How shut the lips are, shape (n,).
        """
        jaw, rounding, spread, activity = smooth[:, 0], smooth[:, 1], smooth[:, 2], smooth[:, 6]
        hiss, hush = crisp[:, 3], crisp[:, 4]
        jaw = self._limit(JAW_MOST * jaw * (1.0 - 0.6 * seal))
        rounding = self._ease(rounding) * (1.0 - 0.5 * seal)
        spread = spread * (1.0 - seal)
        opening, parted = jaw / JAW_MOST, 1.0 - seal
        out = np.zeros((len(jaw), COUNT))
        out[:, JAW_OPEN] = jaw
        out[:, MOUTH_CLOSE] = jaw * np.minimum(1.0, 1.15 * seal)  # lips meet where MouthClose equals JawOpen
        out[:, index("MouthFunnel")] = 0.45 * rounding * (0.4 + opening) + 0.45 * hush
        out[:, index("MouthPucker")] = 0.55 * rounding * (1.0 - 0.5 * opening) + 0.15 * hush
        out[:, pair("MouthStretch")] = _both(0.18 * spread + 0.22 * hiss)
        out[:, pair("MouthSmile")] = _both(0.14 * spread)
        out[:, pair("MouthDimple")] = _both(0.10 * spread)
        out[:, pair("MouthPress")] = _both(0.35 * seal * activity)
        out[:, index("MouthRollLower")] = 0.25 * seal * activity
        out[:, index("MouthRollUpper")] = 0.18 * seal * activity
        out[:, pair("MouthLowerDown")] = _both(parted * (0.45 * jaw + 0.16 * hiss + 0.10 * hush))
        out[:, pair("MouthUpperUp")] = _both(parted * (0.30 * jaw + 0.10 * hiss + 0.10 * hush))
        out[:, index("MouthShrugLower")] = 0.12 * hush
        out[:, index("BrowInnerUp")] = 0.06 * activity * opening
        return clean(out)

    def _limit(self, wanted: Track) -> Track:
        """The jaw has mass."""
        limited = np.empty_like(wanted)
        for i, jaw in enumerate(wanted.tolist()):
            self._jaw = min(self._jaw + JAW_STEP, max(self._jaw - JAW_STEP, jaw))
            limited[i] = self._jaw
        return limited

    def _ease(self, wanted: Track) -> Track:
        share = 1.0 - float(np.exp(-1.0 / (POSE_HZ * ROUNDING_S)))
        eased = np.empty_like(wanted)
        for i, rounding in enumerate(wanted.tolist()):
            self._rounding += share * (rounding - self._rounding)
            eased[i] = self._rounding
        return eased


def _both(values: Track) -> NDArray[np.float64]:
    return np.stack((values, values), axis=1)
