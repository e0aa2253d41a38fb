"""How alike two short texts are, by the words and ideas they share."""

from math import sqrt

from services.llm.concepts import concept
from services.llm.lexicon import FUNCTION_WORDS
from services.llm.words import stem, words_of

SMALL_WORD = 0.35
"""Weight of a word that carries grammar, beside 1 for the others."""


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
