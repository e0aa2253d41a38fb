"""Which sample was heard when, and which chunk it came in. Pure."""

from collections.abc import Iterable

import msgspec
import numpy as np

from services.asr.utterance import Samples
from shared.audio import MICROPHONE_CHUNK, MICROPHONE_HZ
from shared.errors import BadInput
from shared.events import MicrophoneChunk


class SoundClock(msgspec.Struct, frozen=True):
    """Lays sample positions on the host clock: one sample whose time is known fixes all."""

    position: int = 0
    heard_at: float = 0.0

    def at(self, position: int) -> float:
        """Host time, seconds, at which the sample at `position` was at the microphone."""
        return self.heard_at - (self.position - position) / MICROPHONE_HZ


def position_of(chunk: MicrophoneChunk) -> int:
    """Position of a chunk's first sample, from its number."""
    return (chunk.seq - 1) * MICROPHONE_CHUNK


def samples_of(chunk: MicrophoneChunk) -> Samples:
    """Its samples, shape (320,), int16.

    Raises:
        BadInput: It is not 20 ms of int16.
    """
    if len(chunk.pcm) != 2 * MICROPHONE_CHUNK or chunk.seq < 1:
        raise BadInput(
            f"asr: microphone chunk {chunk.seq} has {len(chunk.pcm)} bytes; it must have {2 * MICROPHONE_CHUNK}, "
            "numbered from 1"
        )
    return np.frombuffer(chunk.pcm, "<i2")


def clock_of(chunk: MicrophoneChunk, now: float) -> SoundClock:
    """From a chunk's own time; one that has none was heard when it was sent, or `now`."""
    return SoundClock(position_of(chunk) + MICROPHONE_CHUNK, chunk.captured_at or chunk.at or now)


def sound_of(chunks: Iterable[MicrophoneChunk], first: int, last: int) -> Samples:
    """The samples at positions from `first` up to, not including, `last`, shape (last - first,), int16; silence where a chunk is missing."""
    sound = np.zeros(max(0, last - first), np.int16)
    for chunk in chunks:
        begin, samples = position_of(chunk) - first, samples_of(chunk)
        inside = samples[max(0, -begin) : max(0, sound.size - begin)]
        sound[max(0, begin) : max(0, begin) + inside.size] = inside
    return sound


def chunk_before(position: int) -> int:
    """Number of the last chunk that ends at or before a position; 0 if there is none."""
    return position // MICROPHONE_CHUNK
