"""Ids of the events the session service writes: each of its streams counts in its own way, and never backwards."""

import msgspec

from shared.events import Event, LineAhead, LineWanted, ReplyRequest
from shared.streams import START, StreamId

OUR_STREAMS = ("control", "playback", "play", "lines", "requests", "microphone", "camera")


class Numbering:
    """Gives every outgoing event its `turn` and `seq`. After a restart it goes on behind the streams' tails."""

    def __init__(self, tails: dict[str, StreamId] | None = None) -> None:
        self._last = dict.fromkeys(OUR_STREAMS, START) | (tails or {})

    @property
    def last_burst(self) -> int:
        """Number of the newest burst of the camera."""
        return self._last["camera"].turn

    def number(self, event: Event) -> Event:
        """The event with its id."""
        if isinstance(event, ReplyRequest | LineWanted):
            turn, seq = event.turn, event.seq
        else:
            last = self._last[event.stream]
            # Lines rendered ahead, control and the play belong to no turn of their own: they follow the last.
            turn = max(last.turn, event.turn) if event.stream == "playback" else last.turn
            seq = last.seq + 1 if turn == last.turn else 1
            if isinstance(event, LineAhead):
                seq = max(seq, 2)
        self._last[event.stream] = StreamId(turn, seq)
        return msgspec.structs.replace(event, turn=turn, seq=seq)
