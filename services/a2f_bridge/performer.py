"""A peer that moves a face of its own when sound is played to it: the bridge only says when."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
"""Mono, 24 kHz, -1..1, shape (n,)."""


class Performer(Protocol):
    """What it is told never waits: a stretch of sound that cannot be delivered is dropped, and the engine's health says so."""

    lead_s: float
    """How long before its sound a sample must be played to it: what it needs until its face shows."""

    def play(self, pcm: Sound) -> None:
        """The sound that follows, without a gap, on what was played before; the first of all, or after a pause, begins a stretch."""
        ...

    def pause(self) -> None:
        """The stretch is complete: it may sound to its end. Harmless where there is none."""
        ...

    def stop(self) -> None:
        """What was played and has not sounded must not sound any more. Harmless where there is none."""
        ...
