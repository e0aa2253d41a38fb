"""Sixty ticks a second on a fixed grid: one that is missed is gone, none is made up for. Pure."""

import math


class Beat:
    """When the next tick is."""

    def __init__(self, began_at: float, hz: float) -> None:
        self._began_at = began_at
        self._hz = hz
        self._tick = 0
        self.skipped = 0
        """Ticks that passed before anyone was there."""

    @property
    def at(self) -> float:
        """When the present tick is, on the clock of `began_at`."""
        return self._began_at + self._tick / self._hz

    def catch_up(self, now: float) -> None:
        """If later ticks have passed as well, the present one is the last of them."""
        newest = math.floor((now - self._began_at) * self._hz)
        if newest > self._tick:
            self.skipped += newest - self._tick
            self._tick = newest

    def advance(self) -> None:
        """On to the next tick."""
        self._tick += 1
