# ruff: noqa: E501 - a pattern a line: broken over lines they cannot be read
"""The gate before the voice: what the copy may not say in somebody's own voice, whatever a model wrote.

A clause is either let through whole or stops the reply; nothing is repaired, because half a bad sentence is one, too.
"""

import re
from itertools import pairwise

from services.llm.lexicon import FIRST_NAMES, FUNCTION_WORDS, NUMBER_WORDS
from services.llm.names import names_in
from services.llm.outside import is_dictation
from services.llm.words import runs, stem, straighten, words_of

ECHO_WORDS = 6
"""A clause longer than this may not be mostly the visitor's own sentence."""
ECHO_SHARE = 0.6
_ECHO_RUN = 4

_FORBIDDEN = re.compile(
    "|".join(
        (
            # threats
            r"\bi(?:'ll| will|'m going to| am going to|'m gonna)(?: \w+)? (?:kill|hurt|harm|murder|punish|destroy|find|hunt) (?:you|him|her|them)\b",
            r"\b(?:you|they|he|she)(?:'ll| will| must| should| deserve to)(?: \w+)? (?:die|suffer|burn|be killed|be punished)\b",
            r"\bkill (?:you|him|her|them|your)\w*\b",
            r"\bik (?:ga|zal|maak|wil) (?:je|jou|hem|haar|hen|ze)(?: \w+)? ?(?:vermoorden|doden|pijn doen|dood|kapot|vinden|straffen|pakken)\b",
            r"\b(?:je|jij|hij|zij|ze) (?:gaat|zult|zal|moet|verdient het)(?: \w+)? (?:sterven|dood|branden|lijden|boeten)\b",
            # self-harm spoken as advice
            r"\b(?:kill|hurt|cut|harm) (?:yourself|myself)\b|\b(?:jezelf|mezelf) (?:pijn doen|doden|snijden|iets aandoen)\b|\bsuicid\w*|\bzelfmoord\w*",
            # a voice as a key, money, formulas of consent
            r"\bvoice is my pass\w*|\bstem is mijn wachtwoord|\bpass(?:word|code|phrase)\b|\bwachtwoord\b|\bpin ?code\b|\bcredit ?card\b|\bbank ?(?:account|rekening)\b",
            r"\b(?:hereby|hierbij)\b|\bi (?:authori[sz]e|consent|confirm the payment|approve the transfer)\b|\bik (?:machtig|geef toestemming|bevestig de betaling)\b",
            r"\b(?:transfer|send|wire|pay|maak|stuur|betaal)\b[^.]*\b(?:money|euros?|dollars?|pounds?|geld)\b",
            # abuse
            r"\b(?:fuck\w*|cunts?|whores?|sluts?|bitch\w*|nigg(?:er|a)s?|fagg?ots?|retards?|rapists?)\b",
            r"\b(?:kut|hoer\w*|kanker\w*|tering\w*|klootzak\w*|neuk\w*|flikkers?|mongool|slet\w*)\b|\b(?:sieg )?heil(?: hitler)?\b|\bhitler\b",
            # out of the piece
            r"\b(?:as an ai|language model|als ai|taalmodel)\b|https?:|www\.",
        )
    ),
    re.IGNORECASE,
)


class Gate:
    """Judges the clauses of one reply against what the visitor said in this visit."""

    def __init__(self, visitor_said: tuple[str, ...], language: str) -> None:
        """`visitor_said`: every utterance so far, the one being answered last."""
        self._echoes = [words_of(text) for text in visitor_said[-3:]]
        self._names = names_in(visitor_said)
        function = FUNCTION_WORDS.get(language, FUNCTION_WORDS["en"]) | FUNCTION_WORDS["en"]
        self._dictated = {
            stem(word)
            for text in visitor_said
            if is_dictation(text, language)
            for word in words_of(text)
            if word not in function
        }

    def objection(self, clause: str) -> str:
        """Why the clause may not be said: forbidden, number, name, dictated or echo; empty if it may."""
        text = straighten(clause)
        words = words_of(text)
        if _FORBIDDEN.search(text):
            return "forbidden"
        if _has_number(words):
            return "number"
        if not (FIRST_NAMES | self._names).isdisjoint(_without_possessive(words)) or names_in((clause,), is_own=True):
            return "name"
        if not self._dictated.isdisjoint(map(stem, words)):
            return "dictated"
        return "echo" if self._is_echo(words) else ""

    def _is_echo(self, words: list[str]) -> bool:
        if len(words) <= ECHO_WORDS:
            return False
        ours = runs(words, _ECHO_RUN)
        return any(len(ours & runs(theirs, _ECHO_RUN)) > ECHO_SHARE * len(ours) for theirs in self._echoes)


def _without_possessive(words: list[str]) -> list[str]:
    return [word.removesuffix("'s") for word in words]


def _has_number(words: list[str]) -> bool:
    """Digits, or number words together: "four two seven", "twenty-one". A single one ("two of us") dictates nothing."""
    in_a_row = any(one in NUMBER_WORDS and other in NUMBER_WORDS for one, other in pairwise(words))
    compound = any(part in NUMBER_WORDS for word in words if "-" in word for part in word.split("-"))
    return in_a_row or compound or any(character.isdigit() for word in words for character in word)
