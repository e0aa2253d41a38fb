"""Which work is void: the one rule that every stage applies on receipt, before publishing and at its devices."""

from shared.events import AnyEvent, EpochAdvanced, Event, FaceFlushed, LineAhead, ReplyEnded, SpeechEnded, TurnDiscarded

TURN_STREAMS = frozenset({"requests", "reply", "lines", "voice", "face"})
"""Streams whose events belong to a turn of the mirror and die with it."""

END_MARKERS = (ReplyEnded, SpeechEnded, FaceFlushed)
"""Never dropped, so that every stage can always close what it opened."""


class Freshness:
    """What has been said about epochs and discarded guesses so far."""

    def __init__(self) -> None:
        self.epoch = 0
        self._discarded: dict[int, int] = {}

    def note(self, event: AnyEvent) -> bool:
        """Take in a control event; True if older work just became void."""
        match event:
            case EpochAdvanced() if event.epoch > self.epoch:
                self.epoch = event.epoch
                return True
            case TurnDiscarded() if event.discarded_rev > self._discarded.get(event.discarded_turn, -1):
                self._discarded[event.discarded_turn] = event.discarded_rev
                return True
            case _:
                return False

    def is_stale(self, event: Event) -> bool:
        """Whether an event's work is void. Only events of a mirror's turn ever are."""
        if event.stream not in TURN_STREAMS or isinstance(event, (*END_MARKERS, LineAhead)):
            return False
        return event.epoch < self.epoch or event.rev <= self._discarded.get(event.turn, -1)
