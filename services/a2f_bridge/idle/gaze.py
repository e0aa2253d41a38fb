"""Where the eyes rest: mostly on the visitor, on one eye, the other, the mouth; now and then elsewhere. They jump, they never glide."""

import math
from typing import NamedTuple

from services.a2f_bridge.idle.moods import Dice, Mood, smooth, wait_s


class Direction(NamedTuple):
    """Degrees; yaw > 0 toward the face's own right, pitch > 0 up. The visitor is at (0, 0)."""

    yaw: float
    pitch: float


VISITOR = Direction(0.0, 0.0)
_POINTS = ((-1.0, 0.3), (1.0, 0.3), (0.0, -1.0))
"""One eye, the other, the mouth; in units of `wander_deg`."""
_NEXT = ((1, 1, 2), (0, 0, 2), (0, 0, 1))
"""Where the eyes go from each: never to where they are, and rather to an eye."""


class Gaze:
    """The eyes' present point of rest, and the jump to it."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._from = VISITOR
        self._to = VISITOR
        self._point = 0
        self._left_at = -math.inf
        self._jump_s = 0.03
        self._next_at = -math.inf

    def look(self, now: float, to: Direction, stay_s: float) -> float:
        """Jump to a point; returns how far, degrees."""
        self._from = self.at(now)
        self._to = to
        distance = math.hypot(to.yaw - self._from.yaw, to.pitch - self._from.pitch)
        self._jump_s = 0.021 + 0.0022 * distance  # the eye's own law: 21 ms and 2.2 ms a degree
        self._left_at = now
        self._next_at = now + stay_s
        return distance

    def wander(self, now: float, mood: Mood) -> float:
        """Jump on if it is time to; returns how far, degrees."""
        if now < self._next_at:
            return 0.0
        stay_s = wait_s(self._dice, mood.stay_s, least_s=0.25)
        if self._dice() < mood.away:
            side = 1.0 if self._dice() < 0.5 else -1.0
            elsewhere = Direction(side * (7.0 + 8.0 * self._dice()), -7.0 + 12.0 * self._dice())
            return self.look(now, elsewhere, min(stay_s, 1.2))
        self._point = _NEXT[self._point][int(self._dice() * 3)]
        yaw, pitch = _POINTS[self._point]
        spread = mood.wander_deg * (0.7 + 0.6 * self._dice())
        return self.look(now, Direction(yaw * spread, pitch * spread), stay_s)

    def at(self, now: float) -> Direction:
        """Where the eyes point, seen from a head that faces the visitor."""
        share = smooth((now - self._left_at) / self._jump_s)
        return Direction(
            self._from.yaw + share * (self._to.yaw - self._from.yaw),
            self._from.pitch + share * (self._to.pitch - self._from.pitch),
        )
