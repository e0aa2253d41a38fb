"""A clause as a model wrote it -> as a voice can say it."""

import re

_STAGE_DIRECTION = re.compile(r"\[[^\]]*\]|\([^)]*\)|(?<!\*)\*(?!\*)(?:[a-z]+ ?){1,4}\*(?!\*)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)|https?://\S+|www\.\S+")
_MARKUP = re.compile(r"[*_`#~|<>\\^={}\[\]]+|^\s*(?:[-•·]|\d+[.)])\s+", re.MULTILINE)
_ROLE = re.compile(r"^\s*(?:mirror|spiegel|you|me|assistant|reply)\s*:\s*", re.IGNORECASE)
_UNSPOKEN = re.compile(r"[^\w\s.,;:!?…'’\"“”‘–—\-&%€$/]", re.UNICODE)
_SPACES = re.compile(r"\s+")
_SPACE_BEFORE_STOP = re.compile(r"\s+([.,;:!?…])")


def speakable(text: str) -> str:
    """Without markup, links, emoji, stage directions and a leading role name; empty if there is no word left to say."""
    text = _LINK.sub(r"\1", text)
    text = _STAGE_DIRECTION.sub(" ", text)
    text = _ROLE.sub("", _MARKUP.sub("", text))
    text = _UNSPOKEN.sub(" ", text)
    text = _SPACE_BEFORE_STOP.sub(r"\1", _SPACES.sub(" ", text)).strip().strip('"“”')
    return text if any(character.isalnum() for character in text) else ""


def words_in(text: str) -> int:
    """How many words a voice will say."""
    return sum(any(character.isalnum() for character in word) for word in text.split())
