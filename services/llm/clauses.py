"""A growing text -> clauses, each speakable in one breath. The first is short, because it decides how soon there is sound."""

import re

from services.llm.words import word_set

FIRST_MIN = 25
"""Characters. About 1.5 s of speech: enough to hide the making of the next clause behind it."""
FIRST_MAX = 60
"""Characters. Beyond it the first sound waits for words nobody needs yet, so a first clause may break before a conjunction."""
LATER_MIN = 12
"""Characters. A sentence of a word or two sounds better with the one that follows it."""
LONGEST = 160
"""Characters. A sentence longer than one breath breaks at a comma, a conjunction or, at last, any space."""

_ABBREVIATIONS = word_set(
    "mr mrs ms dr prof st sr jr vs etc e.g i.e a.m p.m no vol fig approx "
    "dhr mevr mw drs ir ing bijv bv d.w.z o.a nl nr blz ca evt enz m.a.w t.a.v i.v.m z.o.z"
)
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)")
_PAUSE = re.compile(r"(?:[,;:][\"'”’)\]]*|\s[–—-]|[–—])(?=\s)")
_CONJUNCTION = re.compile(
    r"\s(?=(?:and|but|because|so|or|if|when|while|until|that|which|who|where|as|than|"
    r"en|maar|omdat|dus|of|als|wanneer|terwijl|tot|dat|die|waar|want|toen)\s)",
    re.IGNORECASE,
)


class ClauseSplitter:
    """Takes text as it comes, gives clauses as soon as they are whole.

    However the text is cut into pieces, the clauses are the same, and joined with spaces they are its words.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._is_first = True

    def push(self, text: str) -> list[str]:
        """Clauses completed by this text."""
        self._rest = (self._rest + text).lstrip()
        clauses = []
        while (end := self._end()) is not None:
            clauses.append(self._rest[:end].strip())
            self._rest = self._rest[end:].lstrip()
            self._is_first = False
        return clauses

    def finish(self, *, is_whole: bool = True) -> list[str]:
        """What is left when no more text comes; if the text broke off, only up to its last sentence end."""
        clauses = self.push("\n")  # a full stop at the very end only counts once something follows it
        if not is_whole:
            ends = [match.end() for match in _SENTENCE_END.finditer(self._rest) if _ends_sentence(self._rest, match)]
            self._rest = self._rest[: ends[-1]] if ends else ""
        rest, self._rest = self._rest.strip(), ""
        return [*clauses, rest] if rest else clauses

    def _end(self) -> int | None:
        """Where the next clause ends, decided only on text that no later piece can change."""
        return _first_end(self._rest) if self._is_first else _later_end(self._rest)


def _first_end(text: str) -> int | None:
    for end in _breaks(text):
        if FIRST_MIN <= end <= FIRST_MAX:
            return end
    if len(text) <= FIRST_MAX:
        return None
    return _soft_break(text, FIRST_MIN, FIRST_MAX) or _later_end(text)


def _later_end(text: str) -> int | None:
    for match in _SENTENCE_END.finditer(text, 0, min(len(text), LONGEST + 1)):
        if match.end() >= LATER_MIN and _ends_sentence(text, match):
            return match.end()
    if len(text) <= LONGEST:
        return None
    pauses = [match.end() for match in _PAUSE.finditer(text, FIRST_MIN, LONGEST)]
    return pauses[-1] if pauses else _soft_break(text, FIRST_MIN, LONGEST) or _any_space(text)


def _breaks(text: str) -> list[int]:
    """Ends of sentences and pauses, in order."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if _ends_sentence(text, match)]
    return sorted(ends + [match.end() for match in _PAUSE.finditer(text)])


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    """A full stop after an abbreviation or an initial ends nothing."""
    if match.group()[0] != ".":
        return True
    word = text[: match.start()].rsplit(maxsplit=1)[-1:] or [""]
    bare = word[0].lstrip("\"'“‘([").lower()
    is_initial = len(bare) == 1 and bare.isalpha() and bare not in {"i", "u"}
    return bare not in _ABBREVIATIONS and not is_initial


def _soft_break(text: str, earliest: int, latest: int) -> int | None:
    """The last space before a conjunction."""
    spaces = [match.start() for match in _CONJUNCTION.finditer(text, earliest, latest + 1)]
    return spaces[-1] if spaces else None


def _any_space(text: str) -> int | None:
    """The last space within LONGEST, or the first after it: words stay whole."""
    spaces = [match.start() for match in re.finditer(r"\s", text)]
    return max((space for space in spaces if space <= LONGEST), default=spaces[0] if spaces else None)
