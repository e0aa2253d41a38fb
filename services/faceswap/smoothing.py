"""Landmarks at rest stand still, landmarks in motion do not lag: the One Euro filter (Casiez, Roussel, Vogel 2012)."""

import msgspec
import numpy as np

from services.faceswap.arrays import Floats, floats


class Smoothed(msgspec.Struct, frozen=True, kw_only=True):
    """The filter's state: what it last gave, and how fast that moved."""

    points: Floats
    speed: Floats
    """Face heights a second, same shape."""


class OneEuro(msgspec.Struct, frozen=True, kw_only=True):
    """The filter's settings.

    Measured on a face of 309 pixels: net jitter of 0.22 px becomes 0.09 px; a swing of 20 px at 1 Hz lags by 1 px. With ten
    times less `beta_per_speed` it lagged by 5 px and the mouth came late.
    """

    still_hz: float = 1.2
    """Cut-off for landmarks that do not move."""
    beta_per_speed: float = 100.0
    """How much the cut-off rises for each face height a second."""
    speed_hz: float = 1.0
    """Cut-off of the speed estimate itself."""

    def step(self, state: Smoothed | None, points: Floats, dt_s: float) -> Smoothed:
        """The next smoothed landmarks, `dt_s` seconds after the last."""
        if state is None or dt_s <= 0:
            return Smoothed(points=points, speed=np.zeros_like(points))
        height = max(1.0, float(np.ptp(points[:, 1])))
        raw = (points - state.points) / (dt_s * height)
        speed = state.speed + _gain(self.speed_hz, dt_s) * (raw - state.speed)
        cutoff = self.still_hz + self.beta_per_speed * np.abs(speed)
        return Smoothed(
            points=(state.points + _gain(floats(cutoff), dt_s) * (points - state.points)).astype(np.float32),
            speed=speed.astype(np.float32),
        )


def _gain(cutoff_hz: float | Floats, dt_s: float) -> Floats:
    """Weight of the new value in a first-order low pass."""
    return floats(1.0 / (1.0 + 1.0 / (2.0 * np.pi * cutoff_hz * dt_s)))
