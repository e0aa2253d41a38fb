"""Words made fit for a speech engine, and where a speaker would breathe. Pure."""

import re

_UNSPOKEN = re.compile(r"\*+|_{2,}|`+|^#+\s*|<[^>]{0,80}>|\[[^\]]{0,80}\]|https?://\S+", re.MULTILINE)
"""Marks of typesetting, stage directions in brackets, addresses: read aloud they break the spell."""

_SAME = str.maketrans(
    {"’": "'", "‘": "'", "“": "", "”": "", "„": "", '"': "", "«": "", "»": "", "…": "...", "\u00a0": " "}
)
_DASH = re.compile(r"\s*[\u2013\u2014]\s*|\s+-{1,2}\s+")
_PICTURES = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u200d\ufe0f]")
_SPACES = re.compile(r"\s+")
_DOTS = re.compile(r"\.{2,}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)")
_BREATH = re.compile(r"(?<=[,;:])\s+(?=\S)")
_WORD = re.compile(r"[^\W_]")

MAX_CLAUSE_CHARS = 140
"""About 9 s of speech; what is longer is cut at a comma, at worst between words."""


def clean(text: str) -> str:
    """The words of `text` as an engine should get them; empty if nothing in it can be spoken."""
    text = _UNSPOKEN.sub(" ", _PICTURES.sub(" ", text)).translate(_SAME)
    text = _DASH.sub(", ", _DOTS.sub(".", text))
    text = _SPACES.sub(" ", text).strip()
    return text.lstrip(",;:. ") if _WORD.search(text) else ""


def clauses(text: str) -> tuple[str, ...]:
    """A line of the play as clauses: one a sentence; only what is too long for one breath is cut further."""
    parts: list[str] = []
    for sentence in _SENTENCE_END.split(clean(text)):
        parts.extend(_breaths(sentence))
    return tuple(part for part in parts if _WORD.search(part))


def ends_sentence(text: str) -> bool:
    """Whether a pause after these words is a sentence's."""
    return text.rstrip().endswith((".", "!", "?"))


def _breaths(sentence: str) -> list[str]:
    if len(sentence) <= MAX_CLAUSE_CHARS:
        return [sentence]
    breaths: list[str] = []
    for piece in _BREATH.split(sentence):
        if breaths and len(breaths[-1]) + len(piece) < MAX_CLAUSE_CHARS:
            breaths[-1] += " " + piece
        else:
            breaths.extend(_cut(piece))
    return breaths


def _cut(piece: str) -> list[str]:
    cuts: list[str] = []
    while len(piece) > MAX_CLAUSE_CHARS:
        at = piece.rfind(" ", 0, MAX_CLAUSE_CHARS)
        at = at if at > 0 else MAX_CLAUSE_CHARS
        cuts.append(piece[:at])
        piece = piece[at:].lstrip()
    return [*cuts, piece]
