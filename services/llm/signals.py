"""Which of a scene's signals did the visitor give? Lexical and deterministic; runs beside the reply.

`agreed` and `declined` are read by `assent`, and `withdrawn` by its own patterns, strictly, because they give and end things.
A signal without examples holds for any real answer; one about a name for a name. Every other is weighed by the words it
shares with its examples and, less, with its meaning. Danger, dictation, another person or another language void a yes:
nobody consents in the same breath.
"""

import re

import msgspec

from services.llm.assent import Assent, read_assent
from services.llm.captures import capture, is_about_a_name
from services.llm.lexicon import FUNCTION_WORDS
from services.llm.likeness import ideas, likeness
from services.llm.names import own_name
from services.llm.outside import is_withdrawal, read_outside
from services.llm.words import straighten, words_of
from shared.events import SignalSpec

AGREED, DECLINED, WITHDRAWN = "agreed", "declined", "withdrawn"
STRICT = frozenset({AGREED, DECLINED, WITHDRAWN})
LEAST_SCORE = 0.34
"""Chosen on the tuning sentences of tests/llm/sentences: below it, chance words ("the last time") made signals."""
SURE_SCORE = 0.75
"""From here on a signal outweighs what only sounds like a refusal or small talk."""
_MEANS_WEIGHT = 0.6
_SHARED_IDEA = 0.4
"""A weighty idea in common ("ashamed" with "a fear, a grief") is enough, in whatever words."""
_QUESTION = 0.6
"""A question seldom answers: it must be this much more alike."""
_EVASION = re.compile(
    r"\b(?:i (?:really |honestly )?(?:don't|do not) know|no idea|not sure|dunno|what do you mean|can you repeat|say (?:that )?again|"
    r"weet (?:ik |het )?(?:\w+ )?niet|(?:zou het|het) niet weten|geen idee|hoe bedoel je|wat bedoel je)\b"
)
VOIDS_CONSENT = frozenset({"unsafe", "dictation", "second_person", "language"})


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
    strict = _consent(said, language, names, is_void=other in VOIDS_CONSENT)
    if not strict and WITHDRAWN in names and is_withdrawal(said, language):
        strict = WITHDRAWN
    if strict:
        return Reading(name=strict, other=other if other in VOIDS_CONSENT else "")
    spec, certainty = _best(said, language, tuple(spec for spec in specs if spec.name not in STRICT), expects)
    if spec is None or (other and (other in VOIDS_CONSENT or certainty < SURE_SCORE)):
        return Reading(other=other)
    captured = capture(said, language, spec.name, expects=expects)
    return Reading(name=spec.name, captured=captured, certainty=round(certainty, 2))


def _consent(said: str, language: str, names: set[str], *, is_void: bool) -> str:
    assent = read_assent(said, language)
    if assent is Assent.NO and DECLINED in names:
        return DECLINED
    return AGREED if assent is Assent.YES and AGREED in names and not is_void else ""


def _best(said: str, language: str, specs: tuple[SignalSpec, ...], expects: str) -> tuple[SignalSpec | None, float]:
    """The signal with the highest score at or above LEAST_SCORE, else one that any answer gives."""
    scored = [(_score(said, language, spec, expects), spec) for spec in specs if spec.examples]
    is_evasion = bool(_EVASION.search(straighten(said).lower()))
    score, best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    if score >= (SURE_SCORE if is_evasion else LEAST_SCORE):
        return best, min(1.0, score)
    for spec in specs:
        if not spec.examples and not is_evasion and is_real_answer(said, language):
            return spec, 0.5
    return None, 1.0


def _score(said: str, language: str, spec: SignalSpec, expects: str) -> float:
    """0..1: likeness to the nearest example, or to the meaning; a second near example adds a little.

    A signal about a name is given by a name, and by nothing else.
    """
    if is_about_a_name(spec.name):
        return 1.0 if own_name(said, is_asked=expects == "name") else 0.0
    near = sorted((likeness(said, example, language) for example in spec.examples), reverse=True)
    score = max(near[0] + 0.25 * sum(near[1:2]), _MEANS_WEIGHT * likeness(said, spec.means, language))
    if not ideas(" ".join((spec.means, *spec.examples))).isdisjoint(ideas(said)):
        score = max(score, _SHARED_IDEA)
    return score if not said.rstrip().endswith("?") else score * _QUESTION


def is_real_answer(said: str, language: str) -> bool:
    """Says something: two words with content, or one that is all there is; not a question back."""
    if said.rstrip().endswith("?"):
        return False
    words = words_of(said)
    function = FUNCTION_WORDS.get(language, FUNCTION_WORDS["en"])
    content = sum(word not in function for word in words)
    return content >= 2 or (content == 1 and len(words) <= 3) or (content >= 1 and len(words) >= 5)
