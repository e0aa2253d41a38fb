"""When a turn became void: its epoch passed, or its guess was discarded. Pure."""

from collections.abc import Iterable

from rig.chaos.record import Noted
from shared.events import EpochAdvanced, Event, TurnDiscarded

NEVER = float("inf")

PATIENCE_S = 6.0
"""What was wanted for this long and is still not there is lost: the play covers for it after 4 s (`thinking_deadline_s`)."""


class Fates:
    """What control said of epochs and guesses, with the times."""

    def __init__(self, entries: Iterable[Noted]) -> None:
        self._epochs: list[tuple[int, float]] = []
        self._discards: dict[int, list[tuple[int, float]]] = {}
        for note in entries:
            if isinstance(note.event, EpochAdvanced):
                self._epochs.append((note.event.epoch, note.event.at))
            elif isinstance(note.event, TurnDiscarded):
                of_turn = self._discards.setdefault(note.event.discarded_turn, [])
                of_turn.append((note.event.discarded_rev, note.event.at))

    def void_at(self, event: Event) -> float:
        """Host clock, seconds; NEVER."""
        by_epoch = (at for epoch, at in self._epochs if epoch > event.epoch)
        by_discard = (at for rev, at in self._discards.get(event.turn, ()) if rev >= event.rev)
        return min((*by_epoch, *by_discard), default=NEVER)
