"""What the kiosk's microphone sends, made whole: checked, gaps filled with silence, capture times without network jitter."""

from shared.audio import MICROPHONE_CHUNK, MICROPHONE_HZ
from shared.errors import BadInput
from shared.kiosk_wire import Audio

CHUNK_BYTES = MICROPHONE_CHUNK * 2
CHUNK_S = MICROPHONE_CHUNK / MICROPHONE_HZ

MAX_FILLED = 50
"""Chunks of silence put in for a gap, at most (1 s): after a longer one the kiosk was away, and time simply went on."""

DRIFT_S_PER_CHUNK = 0.000_01
"""How fast the estimate of the smallest delay may rise: follows a clock that runs 0.05 % slow."""

OLDEST_S = 10.0
"""No sound is older when it arrives: a page keeps none for later, and a line that holds it up this long is cut."""

SILENCE = bytes(CHUNK_BYTES)


class Microphone:
    """Turns Audio messages into (pcm, captured_at) chunks of 20 ms, in order, without gaps. Pure."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._origin: float | None = None
        """Host clock minus seq * 20 ms at the fastest arrival seen: chunks cannot arrive before they were captured."""

    def take(self, message: Audio, now: float) -> list[tuple[bytes, float]]:
        """The chunks that a message completes.

        Raises:
            BadInput: Wrong rate, odd or wrong length, or a number that was already there. Nothing else is harmed.
        """
        if message.rate != MICROPHONE_HZ:
            raise BadInput(f"audio at {message.rate} Hz; this takes {MICROPHONE_HZ} Hz mono int16")
        if len(message.pcm) != CHUNK_BYTES:
            raise BadInput(f"audio of {len(message.pcm)} bytes; one message is {CHUNK_BYTES} bytes (20 ms of int16)")
        if self._next is not None and message.seq < self._next:
            raise BadInput(f"audio chunk {message.seq} came after {self._next - 1}; dropped")
        missing = min(message.seq - self._next, MAX_FILLED) if self._next is not None else 0
        self._next = message.seq + 1
        captured_at = min(message.captured_at, now)
        if not captured_at or captured_at < now - OLDEST_S:  # it does not tell, or its clock has jumped
            captured_at = self._captured_at(message.seq, now)
        return [(SILENCE, captured_at - (missing - index) * CHUNK_S) for index in range(missing)] + [
            (message.pcm, captured_at)
        ]

    def _captured_at(self, seq: int, now: float) -> float:
        """For a kiosk that does not tell: the arrival, less the jitter."""
        arrival = now - seq * CHUNK_S
        if self._origin is None or arrival < self._origin or arrival > self._origin + MAX_FILLED * CHUNK_S:
            self._origin = arrival
        else:
            self._origin += DRIFT_S_PER_CHUNK
        return self._origin + seq * CHUNK_S
