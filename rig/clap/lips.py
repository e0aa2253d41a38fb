"""How far filmed lips lag behind the sound that moves them. Pure.

The sound is given to the mirror's own lip-sync, which says how the mouth should have moved; the delay is where that curve fits
best onto the mouth that was filmed. So any speech of the mirror will do, whoever made its blendshapes.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]

STEP_S = 0.005
REACH_S = 0.6
LEAST_S = 3.0
"""Shorter speech fits in too many places."""
_DRIFT_S = 0.7
"""What changes slower than this is not speech: the head turns, the light changes."""


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Where the two curves fit."""

    delay_s: float
    """The lips' delay behind the sound; positive: the sound is early."""
    likeness: float
    """Correlation there, -1..1."""
    lead: float
    """By how much it exceeds the best fit elsewhere, more than 0.15 s away."""


def fit_lips(expected: tuple[Curve, Curve], filmed: tuple[Curve, Curve]) -> Fit | None:
    """The delay of the filmed mouth behind the expected one.

    Args:
        expected: Times (s) and opening (any unit) by the sound.
        filmed: Times (s) and opening (any unit) by the picture; frames without a face are left out.

    Returns:
        None if there is too little of either.
    """
    first, last = max(expected[0][0], filmed[0][0]), min(expected[0][-1], filmed[0][-1])
    if last - first < LEAST_S + 2 * REACH_S:
        return None
    grid = np.arange(first, last, STEP_S)
    heard, seen = (_lively(np.interp(grid, *curve)) for curve in (expected, filmed))
    reach = round(REACH_S / STEP_S)
    core = heard[reach:-reach]
    likeness = np.array(
        [_correlation(core, seen[reach + lag : len(seen) - reach + lag]) for lag in range(-reach, reach + 1)]
    )
    best = int(np.argmax(likeness))
    elsewhere = np.abs(np.arange(len(likeness)) - best) > round(0.15 / STEP_S)
    lead = float(likeness[best] - likeness[elsewhere].max())
    return Fit(delay_s=(best - reach + _between(likeness, best)) * STEP_S, likeness=float(likeness[best]), lead=lead)


def _lively(curve: Curve) -> Curve:
    """The curve without its slow drift."""
    width = round(_DRIFT_S / STEP_S) | 1
    padded = np.pad(curve, width // 2, mode="edge")
    return np.asarray(curve - np.convolve(padded, np.ones(width) / width, "valid"), np.float64)


def _correlation(one: Curve, other: Curve) -> float:
    one, other = one - one.mean(), other - other.mean()
    return float(one @ other / (np.sqrt((one @ one) * (other @ other)) + 1e-12))


def _between(likeness: Curve, best: int) -> float:
    """Where between the steps the peak of a parabola lies, -0.5..0.5 steps."""
    if not 0 < best < len(likeness) - 1:
        return 0.0
    before, at, after = likeness[best - 1 : best + 2]
    bend = before - 2 * at + after
    return 0.0 if bend >= 0.0 else float(0.5 * (before - after) / bend)
