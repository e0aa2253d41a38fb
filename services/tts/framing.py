"""An endless flow of samples cut into the chunks that travel. Pure: what comes out depends on the samples alone."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from shared.audio import VOICE_CHUNK, to_bytes

UNIT = 240
"""Samples in 10 ms at 24 kHz: chunks begin and end on multiples of it."""


class Frame(msgspec.Struct, frozen=True):
    """One chunk of a turn's speech."""

    from_sample: int
    """At 24 kHz from the start of the turn, a multiple of UNIT."""
    pcm: bytes
    """int16 little-endian; a multiple of UNIT samples, at most VOICE_CHUNK."""

    @property
    def end_sample(self) -> int:
        """Where the next begins."""
        return self.from_sample + len(self.pcm) // 2


class Framer:
    """Cuts one clause into chunks, the first beginning at `from_sample` of the turn."""

    def __init__(self, from_sample: int) -> None:
        if from_sample % UNIT:
            raise ValueError(f"a chunk begins on a multiple of {UNIT} samples, not at {from_sample}")
        self.position = from_sample
        """Where the next chunk begins."""
        self._held = np.zeros(0, dtype=np.float32)

    def push(self, samples: NDArray[np.float32]) -> list[Frame]:
        """All whole chunks there are now, of VOICE_CHUNK samples each. `samples`: float32 in -1..1, shape (n,), 24 kHz."""
        self._held = np.concatenate([self._held, samples])
        whole = len(self._held) // VOICE_CHUNK * VOICE_CHUNK
        ready, self._held = self._held[:whole], self._held[whole:]
        return [self._frame(ready[i : i + VOICE_CHUNK]) for i in range(0, whole, VOICE_CHUNK)]

    def finish(self) -> list[Frame]:
        """What is left, padded with silence to a multiple of UNIT."""
        rest, self._held = self._held, np.zeros(0, dtype=np.float32)
        if not len(rest):
            return []
        return [self._frame(np.pad(rest, (0, -len(rest) % UNIT)))]

    def _frame(self, samples: NDArray[np.float32]) -> Frame:
        frame = Frame(self.position, to_bytes(samples))
        self.position = frame.end_sample
        return frame
