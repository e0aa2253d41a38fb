"""From what the mouth does to the blendshapes that show it."""

import numpy as np
from numpy.typing import NDArray

from services.a2f_bridge.blendshapes import COUNT, JAW_OPEN, MOUTH_CLOSE, POSE_HZ, Poses, clean, index, pair
from services.a2f_bridge.lipsync.seal import Track

JAW_MOST = 0.42
"""JawOpen of a wide-open vowel; more looks like shouting."""
JAW_STEP = 4.3 / POSE_HZ
"""Largest change of JawOpen between poses: what recorded faces show."""
ROUNDING_S = 0.03
"""Time constant of rounding lips: the voice's own measure of it jumps about more than lips do, but a longer one is late."""


SEAL_STEP = 1 / 3
"""Largest change of the lips' seal between poses: lips take 50 ms to meet. A shorter hole in the voice was no /b/."""


class Mouth:
    """Shapes poses one after another: remembers where jaw and lips were."""

    def __init__(self) -> None:
        self._jaw = 0.0
        self._seal = 0.0
        self._rounding = 0.0

    def poses(self, smooth: NDArray[np.float64], crisp: NDArray[np.float64], seal: Track) -> Poses:
        """Poses of n instants.

        Args:
            smooth: Articulations averaged over +-33 ms, shape (n, 8): vowels, and lips that move with them.
            crisp: The same over +-8 ms: consonants.
            seal: How shut the lips are, shape (n,).
        """
        if len(seal) == 0:
            return np.zeros((0, COUNT), np.float32)
        jaw, rounding, spread, hush, activity = smooth[:, 0], smooth[:, 1], smooth[:, 2], smooth[:, 4], smooth[:, 6]
        seal = _follow(seal, self._seal, SEAL_STEP)
        jaw = _follow(JAW_MOST * jaw * (1.0 - 0.6 * seal), self._jaw, JAW_STEP)
        rounding = _ease(rounding, self._rounding)
        self._seal, self._jaw, self._rounding = seal[-1], jaw[-1], rounding[-1]
        rounding = rounding * (1.0 - 0.5 * seal)
        spread = spread * (1.0 - seal)
        opening, parted = jaw / JAW_MOST, 1.0 - seal
        out = np.zeros((len(jaw), COUNT))
        out[:, JAW_OPEN] = jaw
        out[:, MOUTH_CLOSE] = jaw * np.minimum(1.0, 1.15 * seal)  # lips meet where MouthClose equals JawOpen
        out[:, index("MouthFunnel")] = 0.45 * rounding * (0.4 + opening) + 0.45 * hush
        out[:, index("MouthPucker")] = 0.55 * rounding * (1.0 - 0.5 * opening) + 0.15 * hush
        out[:, pair("MouthStretch")] = _both(0.18 * spread + 0.22 * smooth[:, 3])
        out[:, pair("MouthSmile")] = _both(0.14 * spread)
        out[:, pair("MouthDimple")] = _both(0.10 * spread)
        out[:, pair("MouthPress")] = _both(0.35 * seal * activity)
        out[:, index("MouthRollLower")] = 0.25 * seal * activity
        out[:, index("MouthRollUpper")] = 0.18 * seal * activity
        out[:, pair("MouthLowerDown")] = _both(parted * (0.45 * jaw + 0.16 * crisp[:, 3] + 0.10 * hush))
        out[:, pair("MouthUpperUp")] = _both(parted * (0.30 * jaw + 0.10 * crisp[:, 3] + 0.10 * hush))
        out[:, index("MouthShrugLower")] = 0.12 * hush
        out[:, index("BrowInnerUp")] = 0.06 * activity * opening
        return clean(out)


def _follow(wanted: Track, last: float, step: float) -> Track:
    """`wanted`, begun at `last`, but never faster than `step` a pose."""
    followed = np.empty_like(wanted)
    for i, goal in enumerate(wanted.tolist()):
        last = min(last + step, max(last - step, goal))
        followed[i] = last
    return followed


def _ease(wanted: Track, last: float) -> Track:
    """`wanted`, begun at `last`, after lips that take ROUNDING_S to come round."""
    share = 1.0 - float(np.exp(-1.0 / (POSE_HZ * ROUNDING_S)))
    eased = np.empty_like(wanted)
    for i, goal in enumerate(wanted.tolist()):
        last += share * (goal - last)
        eased[i] = last
    return eased


def _both(values: Track) -> NDArray[np.float64]:
    return np.stack((values, values), axis=1)
