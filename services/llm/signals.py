"""Which of a scene's signals did the visitor give? Lexical, deterministic, well under a millisecond.

`agreed` and `declined` are read by `assent`, strictly. A signal without examples holds for any real answer. Every other is
weighed by the words it shares with its examples and, less, with its meaning. Danger, dictation, another person or another
language void a yes: nobody consents in the same breath.
"""

import re

import msgspec

from services.llm.assent import Assent, read_assent
from services.llm.captures import capture
from services.llm.lexicon import FUNCTION_WORDS
from services.llm.likeness import likeness
from services.llm.outside import read_outside
from services.llm.words import straighten, words_of
from shared.events import SignalSpec

AGREED, DECLINED = "agreed", "declined"
LEAST_SCORE = 0.34
"""Chosen on the tuning sentences of tests/llm/sentences: below it, chance words ("the last time") made signals."""
_MEANS_WEIGHT = 0.6
_EVASION = re.compile(
    r"\b(?:i (?:really |honestly )?(?:don't|do not) know|no idea|not sure|dunno|what do you mean|can you repeat|say (?:that )?again|"
    r"weet (?:ik |het )?(?:\w+ )?niet|geen idee|hoe bedoel je|wat bedoel je)\b"
)
_VOIDS_CONSENT = frozenset({"unsafe", "dictation", "second_person", "language"})


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What an utterance meant for the play: the fields of SignalHeard."""

    name: str = ""
    captured: str = ""
    other: str = ""
    certainty: float = 1.0


def read_signals(said: str, language: str, specs: tuple[SignalSpec, ...], expects: str = "open") -> Reading:
    """The signal given, if any, and what lies outside the scene."""
    other = read_outside(said, language)
    names = {spec.name for spec in specs}
    if not names.isdisjoint({AGREED, DECLINED}):
        if name := _consent(said, language, names, is_void=other in _VOIDS_CONSENT):
            return Reading(name=name, other=other if other in _VOIDS_CONSENT else "")
    if other:
        return Reading(other=other)
    open_specs = tuple(spec for spec in specs if spec.name not in {AGREED, DECLINED})
    name, certainty = _best(said, language, open_specs)
    captured = capture(said, language, name, expects=expects) if name else ""
    return Reading(name=name, captured=captured, certainty=round(certainty, 2))


def _consent(said: str, language: str, names: set[str], *, is_void: bool) -> str:
    assent = read_assent(said, language)
    if assent is Assent.NO and DECLINED in names:
        return DECLINED
    return AGREED if assent is Assent.YES and AGREED in names and not is_void else ""


def _best(said: str, language: str, specs: tuple[SignalSpec, ...]) -> tuple[str, float]:
    """The signal with the highest score at or above LEAST_SCORE, else one that any answer gives."""
    scores = {spec.name: _score(said, language, spec) for spec in specs if spec.examples}
    best = max(scores, key=lambda name: scores[name], default="")
    if best and scores[best] >= LEAST_SCORE:
        return best, min(1.0, scores[best])
    for spec in specs:
        if not spec.examples and is_real_answer(said, language):
            return spec.name, 0.5
    return "", 1.0


def _score(said: str, language: str, spec: SignalSpec) -> float:
    """0..1: likeness to the nearest example, or to the meaning; a second near example adds a little."""
    near = sorted((likeness(said, example, language) for example in spec.examples), reverse=True)
    second = near[1] if len(near) > 1 else 0.0
    return max(near[0] + 0.25 * second, _MEANS_WEIGHT * likeness(said, spec.means, language))


def is_real_answer(said: str, language: str) -> bool:
    """Says something: two words with content, or one that is all there is; not "I don't know", not a question back."""
    if _EVASION.search(straighten(said).lower()) or said.rstrip().endswith("?"):
        return False
    words = words_of(said)
    function = FUNCTION_WORDS.get(language, FUNCTION_WORDS["en"])
    content = sum(word not in function for word in words)
    return content >= 2 or (content == 1 and len(words) <= 3) or (content >= 1 and len(words) >= 5)
