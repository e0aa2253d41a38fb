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
        self._ends: dict[int, int] = {}
        self._texts: dict[int, str] = {}
        self._starts: dict[int, int] = {}

    def is_of(self, turn: int, rev: int) -> bool:
        """Whether this is the speech of that guess."""
        return (self.turn, self.rev) == (turn, rev)

    def start_of(self, clause: int) -> int | None:
        """Sample at which the words of a clause began; None if they have not begun."""
        return self._starts.get(clause)

    def end_before(self, clause: int) -> int:
        """Sample at which what precedes a clause ended; 0 if nothing does."""
        return max((end for index, end in self._ends.items() if index < clause), default=0)

    def before(self, clause: int) -> tuple[int, str] | None:
        """Index and words of the clause before it; None if there is none."""
        index = max((index for index in self._ends if index < clause), default=None)
        return None if index is None else (index, self._texts.get(index, ""))

    def note(self, chunk: SpeechChunk) -> None:
        """This has been published."""
        end = chunk.from_sample + len(chunk.pcm) // 2
        self._ends[chunk.clause] = max(end, self._ends.get(chunk.clause, 0))
        self.position = max(self.position, end)
        if chunk.text:
            self._texts[chunk.clause] = chunk.text
            self._starts[chunk.clause] = chunk.from_sample


def recalled(published: Iterable[AnyEvent]) -> TurnSpeech | None:
    """The newest speech among what was published to `voice`; None if there is none."""
    speech: TurnSpeech | None = None
    for event in published:
        if not isinstance(event, SpeechChunk | SpeechEnded):
            continue
        if speech is None or not speech.is_of(event.turn, event.rev):
            speech = TurnSpeech(event.turn, event.rev)
        if isinstance(event, SpeechChunk):
            speech.note(event)
    return speech
