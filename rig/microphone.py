"""The visitor's microphone: room tone without end, and speech laid into it, in 20 ms chunks."""

import numpy as np

from rig.visitor import Samples
from shared.audio import MICROPHONE_CHUNK, to_bytes

ROOM_TONE_DBFS = -62.0
"""A quiet room through a close microphone; digital silence would be a gift to the voice detector."""


class Microphone:
    """Makes chunk after chunk; says how far the speech laid into it has come."""

    def __init__(self, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        self._speech: Samples = np.zeros(0, np.float32)
        self.chunks = 0
        """How many were made."""

    @property
    def is_speaking(self) -> bool:
        """Whether speech is left."""
        return self._speech.size > 0

    def is_at_start(self, speech: Samples) -> bool:
        """Whether all of `speech` is still to come."""
        return self._speech.size == speech.size

    def speak(self, speech: Samples) -> None:
        """Lay speech into the chunks to come; what is left of earlier speech is dropped."""
        self._speech = speech

    def next_chunk(self) -> bytes:
        """20 ms, int16 little-endian, 320 samples."""
        tone = self._random.standard_normal(MICROPHONE_CHUNK).astype(np.float32) * np.float32(
            10 ** (ROOM_TONE_DBFS / 20)
        )
        speech, self._speech = self._speech[:MICROPHONE_CHUNK], self._speech[MICROPHONE_CHUNK:]
        tone[: speech.size] += speech
        self.chunks += 1
        return to_bytes(tone)
