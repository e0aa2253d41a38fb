"""From a model's text to the clauses that may be spoken: split, cleaned, counted, judged."""

from services.llm.chat_model import Ending
from services.llm.clauses import ClauseSplitter
from services.llm.safety import Gate
from services.llm.speakable import speakable, words_in


class ReplyWriter:
    """One reply as it grows. Feed it text; say what it returns; stop the model when `ending` is set."""

    def __init__(self, gate: Gate, max_words: int) -> None:
        self.ending = ""
        """too_long or blocked, once nothing more may be said."""
        self.clauses = 0
        self._gate = gate
        self._words_left = max(1, max_words)
        self._splitter = ClauseSplitter()

    def push(self, text: str) -> list[str]:
        """Clauses that may be said now."""
        return self._admit(self._splitter.push(text))

    def finish(self, ending: Ending) -> list[str]:
        """The last of them, when the model has no more: of a reply that was cut, only its whole sentences."""
        if ending == "blocked_output":
            return []
        is_whole = ending == "stop" or (ending == "length" and not self.clauses)
        return self._admit(self._splitter.finish(is_whole=is_whole))

    def _admit(self, clauses: list[str]) -> list[str]:
        admitted = []
        for clause in filter(None, map(speakable, clauses)):
            if self.ending:
                break
            if self._gate.objection(clause):
                self.ending = "blocked"
            elif fitting := self._fit(clause):
                admitted.append(fitting)
                self.clauses += 1
        return admitted

    def _fit(self, clause: str) -> str:
        """The clause if it fits; the first clause, and only that, is rather cut than dropped: something must be said."""
        words = words_in(clause)
        if words <= self._words_left:
            self._words_left -= words
            return clause
        self.ending = "too_long"
        if self.clauses:
            return ""
        return " ".join(clause.split()[: self._words_left]).rstrip(",;:–— ") + "."
