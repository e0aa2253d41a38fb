"""How far a turn's speech has come: where each clause began and ended. Pure, and rebuilt from what was published."""

from collections.abc import Iterable

from shared.events import AnyEvent, SpeechChunk, SpeechEnded


class TurnSpeech:
    """The speech of one guess (`rev`) at one turn."""

    def __init__(self, turn: int, rev: int) -> None:
        self.turn = turn
        self.rev = rev
        self.position = 0
        """Samples at 24 kHz that were published."""
        self.has_failed = False
        """Something of it could not be spoken."""
        self.is_over = False
        self._ends: dict[int, int] = {}
        self._texts: dict[int, str] = {}

    def is_of(self, turn: int, rev: int) -> bool:
        """Whether this is the speech of that guess."""
        return (self.turn, self.rev) == (turn, rev)

    def start_of(self, clause: int) -> int:
        """Sample at which a clause begins: where the one before it ended. The same however often it is asked."""
        return max((end for index, end in self._ends.items() if index < clause), default=0)

    def before(self, clause: int) -> str:
        """Words of the clause before it; empty if there is none."""
        return self._texts.get(max((index for index in self._ends if index < clause), default=-1), "")

    def note(self, clause: int, end_sample: int, text: str = "") -> None:
        """A clause has been published up to `end_sample`; `text` if these are its words."""
        self._ends[clause] = max(end_sample, self._ends.get(clause, 0))
        self.position = max(self.position, end_sample)
        if text:
            self._texts[clause] = text


def recalled(published: Iterable[AnyEvent]) -> TurnSpeech | None:
    """The newest speech among what was published to `voice`; None if there is none."""
    speech: TurnSpeech | None = None
    for event in published:
        if not isinstance(event, SpeechChunk | SpeechEnded):
            continue
        if speech is None or not speech.is_of(event.turn, event.rev):
            speech = TurnSpeech(event.turn, event.rev)
        if isinstance(event, SpeechChunk):
            speech.note(event.clause, event.from_sample + len(event.pcm) // 2, event.text)
        else:
            speech.is_over = True
    return speech
