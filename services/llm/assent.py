"""Did the visitor say yes? Consent hangs on it, so whatever is not plainly a yes or plainly a no is neither.

The words are read left to right as cues: yes, no, firm no, doubt. A correction ("no, I mean yes") voids what came before it.
What is left must agree with itself: one hedge, condition, exception, question or third person, and it is unclear. A wrong
"unclear" costs one more question; a wrong "yes" takes a face and a voice from someone who did not give them.
"""

import re
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import NamedTuple

from services.llm import assent_words
from services.llm.words import straighten

MOST_WORDS_AROUND_A_YES = 10
"""In a longer speech a "yes" is as likely to be about something else."""
MOST_WORDS_AROUND_A_MILD_YES = 2
"""Okay and fine also open sentences that agree to nothing: "okay, so this is a mirror"."""


class Assent(Enum):
    """How a question for permission was answered."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


class _Kind(Enum):
    YES = 1
    NO = 2
    FIRM_NO = 3
    DOUBT = 4
    HARMLESS = 5
    CORRECTION = 6
    QUESTION = 7
    WORD = 8
    MILD_YES = 9


_SAYS_YES = {_Kind.YES, _Kind.MILD_YES}
_DECIDES = _SAYS_YES | {_Kind.NO, _Kind.FIRM_NO}
_SPOILS_A_YES = {_Kind.NO, _Kind.FIRM_NO, _Kind.DOUBT, _Kind.CORRECTION}


class _Phrase(NamedTuple):
    kind: _Kind
    at_start: bool
    at_end: bool


_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|\?|[.,;:!…]|-")
_CONTRACTIONS = [
    (re.compile(rf"\b{long}\b"), short)
    for long, short in (
        ("do not", "don't"), ("dont", "don't"), ("does not", "doesn't"), ("did not", "didn't"), ("will not", "won't"),
        ("would not", "wouldn't"), ("can not", "can't"), ("cannot", "can't"), ("cant", "can't"), ("i am", "i'm"), ("im", "i'm"),
        ("i would", "i'd"), ("i have", "i've"), ("that is", "that's"), ("thats", "that's"), ("it is", "it's"), ("let us", "let's"),
        ("lets", "let's"), ("is not", "isn't"), ("i'll", "i will"), ("'k", "ik"), ("dat's", "da's"),
    )
]  # fmt: skip
_RHETORICAL = re.compile(r"\b(why not|waarom (?:ook )?niet)\s*\?")
_UNDERAGE = re.compile(
    r"\b(?:i'm|ik ben)(?: only| just| almost| nearly| bijna| pas| nog maar)? (?:[5-9]|1[0-7]|five|six|seven|eight|"
    r"nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|zes|zeven|acht|negen|tien|elf|twaalf|dertien|veertien|"
    r"vijftien|zestien|zeventien)\b(?!-| (?:hundred|percent|times|procent|keer))|"
    r"\b(?:almost|nearly|not yet|bijna|nog geen) (?:18|eighteen|achttien)\b"
)


def read_assent(said: str, language: str) -> Assent:
    """Yes, no or neither; a language without phrases of its own is read as English."""
    text = straighten(said).lower()
    for long, short in _CONTRACTIONS:
        text = long.sub(short, text)
    text = _RHETORICAL.sub(r"\1", text)
    if _UNDERAGE.search(text):
        return Assent.NO
    return _verdict(_after_correction(_cues(_TOKEN.findall(text), language)))


def _verdict(cues: list[_Kind]) -> Assent:
    decided = [cue for cue in cues if cue in _DECIDES]
    is_asking = _Kind.QUESTION in cues
    if not decided:
        return Assent.UNCLEAR
    if not _SAYS_YES.intersection(decided):
        is_asked_back = is_asking and decided[-1] is _Kind.NO and len(cues) <= 2
        return Assent.UNCLEAR if is_asked_back else Assent.NO
    if decided[-1] is _Kind.FIRM_NO:
        return Assent.NO
    most = MOST_WORDS_AROUND_A_YES if _Kind.YES in decided else MOST_WORDS_AROUND_A_MILD_YES
    is_plain = not is_asking and _SPOILS_A_YES.isdisjoint(cues) and cues.count(_Kind.WORD) <= most
    return Assent.YES if is_plain else Assent.UNCLEAR


def _after_correction(cues: list[_Kind]) -> list[_Kind]:
    """What follows the last correction, if it decides anything; a correction that corrects nothing stays as a doubt."""
    for i in range(len(cues) - 1, -1, -1):
        if cues[i] is _Kind.CORRECTION and not _DECIDES.isdisjoint(cues[i + 1 :]):
            return cues[i + 1 :]
    return cues


def _cues(tokens: list[str], language: str) -> list[_Kind]:
    phrases, longest = _phrases(language if language in assent_words.YES else "en")
    cues: list[_Kind] = []
    at, is_start = 0, True
    while at < len(tokens):
        if not tokens[at][0].isalnum():
            cues += [_Kind.QUESTION] * (tokens[at] == "?")
            at, is_start = at + 1, True
            continue
        length, kind = _longest_match(tokens, at, phrases, longest, is_start=is_start)
        if length:
            cues.append(kind)
        elif tokens[at] not in assent_words.FILLERS:
            cues.append(_Kind.WORD)
            is_start = False
        at += length or 1
    return cues


@cache
def _phrases(language: str) -> tuple[dict[tuple[str, ...], _Phrase], int]:
    """Every phrase of a language by its words, and how many words the longest has."""
    kinds = (
        (_Kind.DOUBT, assent_words.DOUBT), (_Kind.CORRECTION, assent_words.CORRECTION), (_Kind.MILD_YES, assent_words.MILD_YES),
        (_Kind.YES, assent_words.YES), (_Kind.HARMLESS, assent_words.HARMLESS), (_Kind.NO, assent_words.NO),
        (_Kind.FIRM_NO, assent_words.FIRM_NO),
    )  # fmt: skip
    phrases = {}
    for kind, by_language in kinds:
        for line in by_language[language].split(","):
            bare = line.strip()
            phrase = _Phrase(kind, at_start=bare.startswith("^"), at_end=bare.endswith("$"))
            phrases[tuple(bare.strip("^$").split())] = phrase
    return phrases, max(map(len, phrases))


def _longest_match(
    tokens: list[str], at: int, phrases: Mapping[tuple[str, ...], _Phrase], longest: int, *, is_start: bool
) -> tuple[int, _Kind]:
    for length in range(min(longest, len(tokens) - at), 0, -1):
        phrase = phrases.get(tuple(tokens[at : at + length]))
        if phrase is None or (phrase.at_start and not is_start):
            continue
        if phrase.at_end and not _ends_clause(tokens, at + length):
            continue
        return length, phrase.kind
    return 0, _Kind.WORD


def _ends_clause(tokens: list[str], at: int) -> bool:
    while at < len(tokens) and tokens[at] in assent_words.FILLERS:
        at += 1
    return at == len(tokens) or not tokens[at][0].isalnum()
