"""The last seconds of the visitor's sound, by its place in the visit; and the stretch of it that an utterance is."""

import numpy as np
from numpy.typing import NDArray

from services.asr.ear import Utterance
from services.asr.vad import FRAME
from shared.audio import MICROPHONE_HZ

PRE_ROLL = 6_400
"""400 ms before the VAD noticed: without it the first word is often lost. Of 744 words, half of them over a faint hiss, 38 are
wrong with 300 ms, 34 with 400 and 34 with 500."""

POST_ROLL = 1_536
"""96 ms of the silence after: with less the last consonant is clipped, with more nothing is gained."""

Samples = NDArray[np.int16]


class SoundMemory:
    """A ring of int16 mono samples at 16 kHz; sample positions count from the visit's first sample."""

    def __init__(self, seconds: float) -> None:
        self._ring: Samples = np.zeros(int(seconds * MICROPHONE_HZ), np.int16)
        self.begin = 0
        """Position of the first sample since it was last emptied."""
        self.end = 0
        """Position after the newest sample."""

    def append(self, at: int, samples: Samples) -> None:
        """Add `samples`, shape (n,), whose first stands at position `at` >= `end`; a hole before it is silence."""
        hole = min(at - self.end, self._ring.size)
        self._put(at - hole, np.zeros(hole, np.int16))
        self._put(at, samples)
        self.end = at + samples.size

    def start_at(self, position: int) -> None:
        """Forget everything; the next sample stands at `position`."""
        self._ring[:] = 0
        self.begin = self.end = position

    def span(self, first: int, last: int) -> Samples:
        """Samples from `first` up to, not including, `last`, as far as they are still held; a copy."""
        first = max(first, self.begin, self.end - self._ring.size)
        return self._ring[np.arange(first, max(first, min(last, self.end))) % self._ring.size]

    def forget(self) -> None:
        """Overwrite everything."""
        self.start_at(self.end)

    def _put(self, at: int, samples: Samples) -> None:
        self._ring[np.arange(at, at + samples.size) % self._ring.size] = samples


def speech_span(utterance: Utterance, *, is_cut: bool = False) -> tuple[int, int]:
    """Positions of the samples to decode for an utterance as it stands now; one that is cut has no silence after it."""
    first = max(utterance.not_before * FRAME, utterance.first * FRAME - PRE_ROLL)
    return first, (utterance.last_speech + 1) * FRAME + (0 if is_cut else POST_ROLL)


def turn_span(utterance: Utterance, frame: int) -> tuple[int, int]:
    """Positions of the samples of the whole turn up to and with `frame`: what the turn model judges."""
    return max(0, utterance.turn_first * FRAME - PRE_ROLL), (frame + 1) * FRAME


def as_float(samples: Samples) -> NDArray[np.float32]:
    """Int16 samples as float32 in -1..1, same shape."""
    return samples.astype(np.float32) / np.float32(32768.0)
