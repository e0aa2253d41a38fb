"""How a mouth comes to rest, and how it goes from one movement to another without a jump. Pure: time is an argument."""

import math

import numpy as np

from services.a2f_bridge.blendshapes import Pose, neutral

CLOSE_S = 0.1
"""From wide open to closed when what is being said has become void: as fast as a jaw moves (4.2 of JawOpen a second)."""
CROSSFADE_S = 0.15
"""From one movement to another: a gap, a hold, an engine that takes over."""
LINGER_S = 1 / 30
"""Poses may be this late before the mouth begins to close: two ticks pass unseen."""
DECAY_S = 0.12
"""Time constant with which a mouth closes that does not know how it goes on."""


class Closing:
    """Turns the wanted poses into shown ones: each cut leaves a remainder that melts away under the new movement.

    Melting the remainder, rather than fading between two poses, leaves the new movement its full size from the first pose on.
    """

    def __init__(self) -> None:
        self.shown: Pose = neutral()
        self._remainder: Pose = neutral()
        self._cut_at = -math.inf
        self._melt_s = CROSSFADE_S
        self._lost_at: float | None = None
        self._lost_pose: Pose = neutral()

    def cut(self, now: float, wanted: Pose, melt_s: float) -> None:
        """Another movement begins at `now` with `wanted`; what is shown melts into it over `melt_s`."""
        self._remainder = self.shown - wanted
        self._cut_at, self._melt_s = now, melt_s
        self._lost_at = None

    def show(self, now: float, wanted: Pose) -> Pose:
        """The pose to show."""
        self._lost_at = None
        left = max(0.0, 1.0 - (now - self._cut_at) / self._melt_s)
        self.shown = np.clip(wanted + np.float32(left) * self._remainder, 0.0, 1.0) if left else wanted
        return self.shown

    def lose(self, now: float) -> Pose:
        """The pose to show while nobody knows how it goes on: linger, then close."""
        if self._lost_at is None:
            self._lost_at, self._lost_pose = now, self.shown
        late_s = max(0.0, now - self._lost_at - LINGER_S)
        self.shown = self._lost_pose * np.float32(math.exp(-late_s / DECAY_S))
        return self.shown
