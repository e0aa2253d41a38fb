"""What the visitor says that lies outside any scene: danger, dictation, another person, another language, a refusal, small talk."""

import re
from collections.abc import Mapping
from functools import cache

from services.llm import outside_words
from services.llm.lexicon import FUNCTION_WORDS
from services.llm.words import straighten, words_of

_KINDS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("unsafe", outside_words.UNSAFE), ("second_person", outside_words.SECOND_PERSON),
    ("dictation", outside_words.DICTATION), ("language", outside_words.LANGUAGE), ("refusal", outside_words.REFUSAL),
    ("off_topic", outside_words.OFF_TOPIC),
)  # fmt: skip
"""In order of weight: the first that fits is told."""

LEAST_WORDS_TO_TELL_A_LANGUAGE = 4
SMALL_WORDS_SHARE = 0.5
TIMES_OUR_OWN = 2.5
"""English and Dutch share "in", "is", "was", "we", "of": the other language must have far more than those."""


def read_outside(said: str, language: str) -> str:
    """unsafe, second_person, dictation, language, refusal, off_topic, or empty.

    Danger and dictation are looked for in every language, whatever is spoken in this visit.
    """
    text = straighten(said).lower().strip(" .!…")
    for kind, by_language in _KINDS:
        is_grave = kind in {"unsafe", "dictation"}
        for spoken in by_language if is_grave else [language] if language in by_language else ["en"]:
            if _patterns(kind, spoken).search(text):
                return kind
        if kind == "language" and _is_another_language(said, language):
            return kind
    return ""


def is_dictation(said: str, language: str) -> bool:
    """Words are put into the mirror's mouth, whatever else the utterance may be."""
    text = straighten(said).lower().strip(" .!…")
    return any(
        _patterns("dictation", spoken).search(text) for spoken in {language, "en"} & outside_words.DICTATION.keys()
    )


def is_withdrawal(said: str, language: str) -> bool:
    """The visitor takes the consent back, or wants the visit to end now."""
    text = straighten(said).lower().strip(" .!…")
    return any(
        _compiled(outside_words.WITHDRAWN[spoken]).search(part.strip())
        for spoken in {language, "en"} & outside_words.WITHDRAWN.keys()
        for part in re.split(r"[.!?…,;]+", text)
    )


def _patterns(kind: str, language: str) -> re.Pattern[str]:
    return _compiled(dict(_KINDS)[kind][language])


@cache
def _compiled(lines: str) -> re.Pattern[str]:
    return re.compile("|".join(line.strip() for line in lines.strip().splitlines()))


def _is_another_language(said: str, language: str) -> bool:
    """The small words tell: most of them belong to the other language, hardly any to this one."""
    words = words_of(said)
    own = FUNCTION_WORDS.get(language)
    if own is None or len(words) < LEAST_WORDS_TO_TELL_A_LANGUAGE:
        return False
    ours = sum(word in own for word in words)
    others = (other for name, other in FUNCTION_WORDS.items() if name != language)
    theirs = max(sum(word in other for word in words) for other in others)
    return theirs >= SMALL_WORDS_SHARE * len(words) and theirs >= TIMES_OUR_OWN * ours
