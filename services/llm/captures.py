# ruff: noqa: E501 - a pattern a line: broken over lines they cannot be read
"""The part of an utterance that a signal is about, in the visitor's own words."""

import re

from services.llm.lexicon import FUNCTION_WORDS
from services.llm.names import own_name
from services.llm.words import straighten

LONGEST_WORDS = 10

_END = r"(?=[.,;:!?…]|$|\s(?:because|but|and then|so that|since|omdat|maar|want|dus|en dan)\b)"
_AFTER = {
    "en": [
        rf"\b(?:you (?:can|may|could) (?:have|take|keep)|(?:can|could) you (?:have|take|keep)|take) (?P<it>(?:my|the|that|this|all) .+?)(?: with you| away)?{_END}",
        rf"\b(?:afraid|scared|terrified|frightened|ashamed|proud|tired|jealous|sick|fond|dreaming|dream|fear) (?:of|that) (?P<it>.+?){_END}",
        rf"\b(?:i hide|i'm hiding|i keep hidden|i never show|i don't show|i pretend|i lie about|i'm lying about|i regret|i miss|i lost|i love|i hate|i fear|i remember|i want|i wish|i need|i long for|i hope for|i hope|i'd keep|i would keep|i choose|i'd choose) (?:to (?=have )|for |that )?(?P<it>.+?){_END}",
        rf"\bi (?:worry|think|dream|lie|forget) about (?P<it>.+?){_END}",
        rf"\b(?:it's|it is|it was|that's|that would be|probably|maybe) (?P<it>.+?){_END}",
    ],
    "nl": [
        r"\b(?:neem|je mag|kun je|kan je|wil je) (?P<it>(?:mijn|m'n|de|het|die|dat|al) .+?)(?= (?:maar )?(?:mee|hebben|meenemen|houden)\b)",
        rf"\b(?:bang (?:ben |was )?(?:voor|om|dat)|angst voor|schaam me voor|trots op|moe van|jaloers op|dol op|droom van|droom over) (?P<it>.+?){_END}",
        rf"\bik (?:verberg|verstop|mis|haat|vrees|verloor|onthoud|herinner me|wens|kies|hoop|wil|heb spijt van|verlang naar|hou van|lieg over|pieker over|denk aan|laat nooit zien|houd verborgen) (?:op |dat )?(?P<it>.+?){_END}",
        rf"\b(?:het is|dat is|het was|dat zou|misschien|waarschijnlijk) (?P<it>.+?){_END}",
    ],
}  # fmt: skip
_FILLER = re.compile(
    r"^(?:(?:well|um|uh|er|so|like|you know|i mean|i think|i guess|maybe|perhaps|just|that|honestly|probably|"
    r"nou|eh|uh|ja|dus|ik denk|ik bedoel|misschien|eigenlijk|gewoon|dat)[, ]+)+",
    re.IGNORECASE,
)


def capture(said: str, language: str, signal: str, *, expects: str = "open") -> str:
    """What a signal named `signal` takes from the utterance; empty if nothing fits.

    A signal about a name takes the name; every other the words after "afraid of", "I hide" and their like, or else the
    whole of a short answer.
    """
    if is_about_a_name(signal):
        return own_name(said, is_asked=expects == "name")
    text = straighten(said).strip()
    for pattern in _AFTER.get(language, _AFTER["en"]):
        if match := re.search(pattern, text, re.IGNORECASE):
            return _short(match["it"], language)
    sentences = [part for part in re.split(r"[.!?…]+\s*", text) if part]
    best = max(sentences, key=lambda part: (_content(part, language), len(part)), default="")
    return _short(best, language)


def is_about_a_name(signal: str) -> bool:
    """`gave_name`, `named_self`, `name`; not `named_fear`."""
    parts = signal.lower().split("_")
    return "name" in parts or parts in (["named", "self"], ["named"]) or "naam" in parts


def _short(text: str, language: str) -> str:
    """Without fillers and at most LONGEST_WORDS; empty if no word in it carries anything."""
    words = _FILLER.sub("", text.strip(" ,")).strip(" ,.;:!?…").split()[:LONGEST_WORDS]
    kept = " ".join(words)
    return kept if _content(kept, language) else ""


def _content(text: str, language: str) -> int:
    function = FUNCTION_WORDS.get(language, FUNCTION_WORDS["en"])
    return sum(word not in function for word in re.findall(r"[^\W\d_][\w'-]*", text.lower()))
