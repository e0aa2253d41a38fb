"""How long words take in a voice, and where a clause is cut so that its first words are heard early. Pure."""

import re

from services.tts.speakable import MAX_CLAUSE_CHARS

SLOWEST, FASTEST = 11.0, 17.0
"""Characters a second between which people are understood; a sample's own pace is kept within."""

_LEAST_S = 0.8
"""A single word still needs a beginning and an end."""

_EDGES_S = 0.15
"""What the model spends on getting in and out of words, whatever their length."""

_BREATH = re.compile(r"(?<=[,;:.!?])\s+(?=\S)")
FIRST = (25, 60)
"""Bytes of the first piece of a clause: shorter ones lose words, longer ones are heard later."""


def pace_of(text: str, seconds: float) -> float:
    """Characters a second in a sample with these words, kept to what is understood."""
    return min(max(len(text.strip()) / max(seconds, 0.1), SLOWEST), FASTEST)


def seconds_for(text: str, pace: float) -> float:
    """How long `text` takes at `pace` characters a second. No shorter for one word than for a breath."""
    return max(_LEAST_S, len(text.strip()) / pace + _EDGES_S)


def pieces(text: str) -> tuple[str, ...]:
    """A clause as what is made at once: the first within FIRST where a breath allows it, the rest as long as can be.

    Only where a speaker would breathe: a cut inside a phrase breaks its melody, and costs more than it gains.
    """
    parts = _BREATH.split(text.strip())
    first, rest = _first(parts)
    if not rest or len(rest.encode()) < FIRST[0]:
        return (text.strip(),)
    return (first, *_long(rest))


def _first(parts: list[str]) -> tuple[str, str]:
    for count in range(1, len(parts)):
        first = " ".join(parts[:count])
        if len(first.encode()) > FIRST[1]:
            break
        if len(first.encode()) >= FIRST[0]:
            return first, " ".join(parts[count:])
    return " ".join(parts), ""


def _long(text: str) -> list[str]:
    joined: list[str] = []
    for part in _BREATH.split(text):
        if joined and len(joined[-1]) + len(part) < MAX_CLAUSE_CHARS:
            joined[-1] += " " + part
        else:
            joined.append(part)
    return joined
