"""The conversation as it truly sounded: the only source of what a model is told was said."""

from collections import deque

import msgspec

from shared.events import Heard, TurnHeard

MAX_TURNS = 24
"""Older turns no longer matter to a reply; five minutes hold about twenty."""


class _Played(msgspec.Struct, frozen=True):
    at: float
    text: str


class Ledger:
    """What visitor and mirror said and heard so far."""

    def __init__(self) -> None:
        self._heard: deque[Heard] = deque(maxlen=2 * MAX_TURNS)
        self._played: deque[_Played] = deque(maxlen=16)

    def note(self, turn: TurnHeard) -> None:
        """Enter what was said, as it stands in the stream."""
        if turn.visitor_said:
            if turn.joins and self._heard and self._heard[-1].speaker == "visitor":
                self._heard.pop()
            self._heard.append(Heard(speaker="visitor", text=turn.visitor_said))
        if turn.mirror_said:
            self._heard.append(Heard(speaker="mirror", text=turn.mirror_said, was_cut=turn.was_cut))
            self._played.append(_Played(turn.at, turn.mirror_said))

    def history(self) -> tuple[Heard, ...]:
        """Everything said, oldest first."""
        return tuple(self._heard)

    def lately_played(self, since: float) -> str:
        """What the loudspeaker said in turns that ended after `since` (host clock, seconds)."""
        return " ".join(entry.text for entry in self._played if entry.at >= since)
