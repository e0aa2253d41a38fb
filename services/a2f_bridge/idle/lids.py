"""Blinks: fast shut, slow open, sometimes two in a row."""

import math

from services.a2f_bridge.idle.moods import Dice, smooth, wait_s

SHUT_S = 0.07
REST_S = 0.03
OPEN_S = 0.15
_WHOLE_S = SHUT_S + REST_S + OPEN_S
_TWICE = 0.12
"""How often a blink is followed by another at once."""


class Lids:
    """When the next blink comes, and how shut the lids are by it."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._began_at = -math.inf
        self._next_at = math.inf

    def expect(self, now: float, mean_s: float) -> None:
        """A mood began: blink about every `mean_s` from now on."""
        self._next_at = now + wait_s(self._dice, mean_s, least_s=0.6)

    def blink(self, now: float) -> None:
        """Blink at once, unless one is under way."""
        if now - self._began_at > _WHOLE_S:
            self._began_at = now

    def closure(self, now: float, mean_s: float) -> float:
        """0 open, 1 shut."""
        if now >= self._next_at:
            self.blink(now)
            again = _WHOLE_S + 0.02 if self._dice() < _TWICE else wait_s(self._dice, mean_s, least_s=0.6)
            self._next_at = now + again
        since = now - self._began_at
        if since <= SHUT_S + REST_S:
            return smooth(since / SHUT_S)
        return 1.0 - smooth((since - SHUT_S - REST_S) / OPEN_S)
