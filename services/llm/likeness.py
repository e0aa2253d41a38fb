"""How alike two short texts are, by the words and ideas they share."""

import re
from math import sqrt

from services.llm.concepts import concept
from services.llm.lexicon import FUNCTION_WORDS
from services.llm.words import stem, straighten, word_set, words_of

SMALL_WORD = 0.35
"""Weight of a word that carries grammar, beside 1 for the others."""

COMMON_IDEAS = word_set(
    "voice self like dislike love partner family stay vanish work body change truth happy calm tired remember forget"
)
"""Ideas too common in talk to mean anything alone."""

_KEPT_BACK = re.compile(
    r"\b(?:never|nobody|no one|nooit|niemand) (?:\w+ )?"
    r"(?:told|tell|said|show|showed|admit\w*|knows?|laat|laten|verteld|gezegd|weet)\b|"
    r"\b(?:than|as|what|dan|als|wat) (?:people|others|they|everyone|mensen|anderen|ze|iedereen) "
    r"(?:think|see|know|believe|denk|denken|zien|weten)\w*"
)
"""Not said to others, or not as others think: that is hiding, in whatever words."""


def likeness(one: str, other: str, language: str) -> float:
    """0 (nothing shared) to 1 (the same)."""
    ours, theirs = features(one, language), features(other, language)
    shared = sum(weight * theirs.get(feature, 0.0) for feature, weight in ours.items())
    length = sqrt(sum(w * w for w in ours.values()) * sum(w * w for w in theirs.values()))
    return shared / length if length else 0.0


def features(text: str, language: str) -> dict[str, float]:
    """What a text is about: stems of the words with content, the ideas behind them, and lightly the small words."""
    function = FUNCTION_WORDS.get(language, FUNCTION_WORDS["en"])
    found: dict[str, float] = {}
    for word in words_of(text):
        found[stem(word)] = SMALL_WORD if word in function else 1.0
        if idea := concept(word):
            found[f"({idea})"] = 1.0
    return found


def ideas(text: str) -> set[str]:
    """The weighty ideas a text touches: those by which two texts are about the same, however differently they are put."""
    found = {idea for word in words_of(text) if (idea := concept(word))} - COMMON_IDEAS
    return found | {"hide"} if _KEPT_BACK.search(straighten(text).lower()) else found
