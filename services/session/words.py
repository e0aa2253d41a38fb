"""Words as they are compared: case and punctuation do not matter, order does."""

import re

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*", re.UNICODE)


def words(text: str) -> tuple[str, ...]:
    """The words of a text, lower case, without punctuation; apostrophes inside a word stay."""
    return tuple(match.group().replace("’", "'").lower() for match in _WORD.finditer(text))


def says_something(text: str) -> bool:
    """Whether there is a word of at least two characters: anything less never interrupts the mirror."""
    return any(len(word) >= 2 for word in words(text))


def without_prefix(text: str, before: str) -> str:
    """What `text` says beyond `before`, if it begins with the same words; else `text` unchanged."""
    known = words(before)
    if not known or words(text)[: len(known)] != known:
        return text
    rest = list(_WORD.finditer(text))[len(known) :]
    return text[rest[0].start() :] if rest else ""
