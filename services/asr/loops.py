"""A decoder that misses the end of the speech begins its last sentence again, until it is stopped in the middle. Pure."""

import re

from services.asr.partials import words

LEAST = 4
"""A visitor who is cut short may well begin two sentences with the same three words."""

_SENTENCE = re.compile(r"[^.?!]+[.?!]*")


def without_loop(text: str) -> str:
    """Without an unfinished last sentence of at least `LEAST` words that only repeats how one before it begins."""
    sentences = _SENTENCE.findall(text)
    if len(sentences) < 2 or sentences[-1].rstrip()[-1:] in (".", "?", "!", ""):
        return text
    begun = words(sentences[-1])
    if len(begun) < LEAST or not any(words(before)[: len(begun)] == begun for before in sentences[:-1]):
        return text
    return "".join(sentences[:-1]).rstrip()
