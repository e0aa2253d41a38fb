"""Words as every reader here sees them: lower case, straight apostrophes, without their endings where they are compared."""

import re

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "–": "-", "—": "-"})  # fmt: skip


def straighten(text: str) -> str:
    """Typographic quotes and dashes as plain ones; spaces single."""
    return " ".join(text.translate(_STRAIGHT).split())


def words_of(text: str) -> list[str]:
    """The words in lower case, contractions whole: "don't" is one word."""
    return _WORD.findall(straighten(text).lower())


def cased_words_of(text: str) -> list[str]:
    """The words as they are written."""
    return _WORD.findall(straighten(text))


def stem(word: str) -> str:
    """A rough stem, the same for the forms a visitor is likely to use of one word, in English and Dutch."""
    word = word.removesuffix("'s").removesuffix("'")
    for ending in ("ingen", "ings", "ness", "heid", "ing", "ely", "ied", "ies", "ed", "ly", "en", "es", "s", "e", "t"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def runs(words: list[str], length: int) -> set[tuple[str, ...]]:
    """Every stretch of `length` words in a row."""
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as running text."""
    return frozenset(text.split())
