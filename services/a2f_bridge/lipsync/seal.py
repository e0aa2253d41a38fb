"""When the lips are shut: m, b and p, seen as a hole in the first formant that is about to be released."""

import numpy as np
from numpy.typing import NDArray

Track = NDArray[np.float64]
"""One value a pose, shape (n,)."""

AHEAD = 4
"""Hops after a pose that are looked at: the release of a /b/ shows within 33 ms."""
BEHIND = 15
"""Hops before a pose in which speech must have sounded, if it is to have been cut off by the lips."""


def smooth_step(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """0 below `low`, 1 above `high`, a smooth step between."""
    x = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x))


def lip_seal(f1_db: NDArray[np.float64], murmur: Track, noise: Track) -> Track:
    """How shut the lips are at each pose, 0..1.

    Args:
        f1_db: Level of the first formant's band around each pose, shape (n, BEHIND + 1 + AHEAD), a column a hop.
        murmur: Voice through the nose, 0..1, shape (n,).
        noise: Hiss or hush, 0..1, shape (n,): a mouth that hisses is not shut.
    """
    here = f1_db[:, BEHIND - 1 : BEHIND + 2].min(axis=1)
    rise = f1_db[:, BEHIND:].max(axis=1) - here
    fall = f1_db[:, : BEHIND + 1].max(axis=1) - here
    # a coming release is good evidence (AUC 0.87), a past level poor: s, f and pauses fall as well
    hole = np.maximum(smooth_step(rise, 10.0, 20.0), 0.3 * smooth_step(fall, 12.0, 26.0))
    return np.asarray(np.maximum(hole * (1.0 - np.minimum(1.0, 1.5 * noise)), 0.8 * murmur))
