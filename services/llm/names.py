"""Names of people: found so that they are never said, and found where a scene asks for one."""

import re

from services.llm.lexicon import FIRST_NAMES, FUNCTION_WORDS
from services.llm.words import cased_words_of, straighten, word_set

_NAME = r"(?P<name>[^\W\d_][\w'-]+)"
_INTRODUCED = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bmy (?:\w+ )?name(?:'s| is|) (?:is )?{_NAME}",
        rf"\bmijn (?:\w+ )?naam is {_NAME}",
        rf"\b(?:call me|named|i am called|i'm called|i go by|noem me|noem mij|ik heet|hij heet|zij heet|ze heet|genaamd) {_NAME}",
        rf"\b(?:he|she)(?:'s| is| was) called {_NAME}",
    )
]
_ALONE = re.compile(
    rf"^(?:(?:well|um|uh|hi|hello|hey|so|yes|hoi|hallo|nou|eh|ja)[, ]+)*(?:(?:it's|it is|i'm|i am|this is|het is|ik ben|dit is)\s+)?{_NAME}"
    r"(?:[ -][A-Z][\w'-]+)?[.!]?$",
    re.IGNORECASE,
)
_OPENS_A_SENTENCE = re.compile(r"(?:^|[.!?…:]\s+[\"']?)$")
_NEVER_NAMES = FUNCTION_WORDS["en"] | FUNCTION_WORDS["nl"] | word_set(
    "english dutch nederlands engels monday tuesday wednesday thursday friday saturday sunday god christmas kerst"
)  # fmt: skip


def names_in(texts: tuple[str, ...], *, is_own: bool = False) -> frozenset[str]:
    """Words that are, or may be, names of people, in lower case.

    A capital inside a sentence is a name; one that opens a sentence is not, unless the list of first names knows it.
    `is_own`: the text is the mirror's, so the words after "call me" are not taken on trust.
    """
    found: set[str] = set()
    for text in map(straighten, texts):
        if not is_own:
            found.update(match["name"].lower() for pattern in _INTRODUCED for match in pattern.finditer(text))
        for match in re.finditer(r"[^\W\d_][\w'-]*", text):
            word = match.group().removesuffix("'s")
            is_inside = not _OPENS_A_SENTENCE.search(text[: match.start()])
            if word.lower() in FIRST_NAMES or (is_inside and word[0].isupper() and not word.isupper()):
                found.add(word.lower())
    return frozenset(word for word in found if word not in _NEVER_NAMES and len(word) > 1)


def own_name(said: str, *, is_asked: bool) -> str:
    """The name the visitor gives for themselves, as they said it, or empty.

    `is_asked`: they were asked for it, so a word standing alone is a name.
    """
    text = straighten(said).strip()
    for pattern in _INTRODUCED[:3]:
        if (match := pattern.search(text)) and match["name"].lower() not in _NEVER_NAMES:
            return match["name"]
    if (match := _ALONE.match(text)) and (is_asked or match["name"].lower() in FIRST_NAMES):
        name = match["name"]
        return "" if name.lower() in _NEVER_NAMES else name
    if is_asked:
        known = [word for word in cased_words_of(text) if word.lower() in FIRST_NAMES]
        return known[0] if known else ""
    return ""
