"""Which disturbances there will be, in which state of a visit: a deck of all combinations, shuffled. Pure: chance is passed in."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

STAGES = ("asr", "llm", "tts", "a2f_bridge", "faceswap")
STATES = ("enrolling", "listening", "thinking", "speaking")

KILL, ZOMBIE, TERM, SCALE_UP, SCALE_DOWN = "kill", "zombie", "term", "scale_up", "scale_down"
SLOW, CUT, AWAY, POISON_BYTES, POISON_EVENT = "slow", "cut", "away", "poison_bytes", "poison_event"

ENROLLING_A_VISIT, OTHERS_A_VISIT = 2, 4
"""A visit has time for about six, and is enrolling at its beginning alone."""

AWAY_FROM = 100
"""From this many disturbances on, one of them is a kiosk that stays away for a minute: it costs its visit."""


class Disturbance(NamedTuple):
    """One harm done."""

    number: int
    kind: str
    stage: str
    """A stage, session, redis or kiosk."""
    state: str
    seconds: float = 0.0
    """How long it lasts, where it lasts."""
    replicas: int = 1
    """Of the stage, when it is done."""


def plan(count: int, random: Random) -> list[Disturbance]:
    """`count` disturbances in the order in which they are to be done."""
    cards = _ordered(_cards(count, random))
    replicas = {stage: random.choice((1, 2)) for stage in STAGES}
    return [_dealt(number, card, replicas, random) for number, card in enumerate(cards, 1)]


def replicas_at_start(disturbances: list[Disturbance]) -> dict[str, int]:
    """How many replicas each stage begins with, as its first disturbance wants it."""
    first: dict[str, int] = {}
    for one in disturbances:
        if one.stage in STAGES:
            first.setdefault(one.stage, one.replicas)
    return first


def next_of(left: list[Disturbance], *, has_enrolled: bool) -> Disturbance:
    """The first of those left that can be done in its state; what is to be done while enrolling waits for the next visit."""
    return next((one for one in left if not has_enrolled or one.state != "enrolling"), left[0])


def _cards(count: int, random: Random) -> list[tuple[str, str, str]]:
    cards: list[tuple[str, str, str]] = []
    while len(cards) < count:
        deck = [*_deck()]
        random.shuffle(deck)
        cards += deck
    cards = cards[:count]
    if count >= AWAY_FROM:
        cards[-1] = (AWAY, "kiosk", "listening")
    return cards


def _deck() -> Iterator[tuple[str, str, str]]:
    """Every kind in every state, once; what changes the number of replicas is called `scale` until it is dealt."""
    for state in STATES:
        for stage in STAGES:
            yield from ((kind, stage, state) for kind in (KILL, ZOMBIE, TERM, "scale", POISON_BYTES))
            if stage != "faceswap":  # it takes every picture it can read, and refuses the rest as pictures
                yield POISON_EVENT, stage, state
        yield KILL, "redis", state
        yield SLOW, "redis", state
        yield KILL, "session", state
        yield TERM, "session", state
        yield CUT, "kiosk", state


def _ordered(cards: list[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """By visits: first what is done while enrolling, then the rest."""
    early = [card for card in cards if card[2] == "enrolling"]
    late = [card for card in cards if card[2] != "enrolling"]
    while early or late:
        yield from early[:ENROLLING_A_VISIT]
        yield from late[:OTHERS_A_VISIT]
        early, late = early[ENROLLING_A_VISIT:], late[OTHERS_A_VISIT:]


def _dealt(number: int, card: tuple[str, str, str], replicas: dict[str, int], random: Random) -> Disturbance:
    kind, stage, state = card
    before = replicas.get(stage, 1)
    if kind == "scale":
        kind = SCALE_UP if before == 1 else SCALE_DOWN
        replicas[stage] = 3 - before
    seconds = {ZOMBIE: random.uniform(1.2, 2.0), SLOW: random.uniform(0.5, 1.5), CUT: 5.0, AWAY: 60.0}.get(kind, 0.0)
    return Disturbance(number, kind, stage, state, round(seconds, 2), before)
