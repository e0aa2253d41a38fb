"""Which disturbances there will be, in which state of a visit: a deck of all combinations, shuffled. Pure: chance is passed in."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

STAGES = ("asr", "llm", "tts", "a2f_bridge", "faceswap")
ENROLLING, FAREWELL = "enrolling", "farewell"
STATES = (ENROLLING, "listening", "thinking", "speaking")
"""In each of them everything is done once a deck; in the farewell, which is short, what may cost the last word."""

KILL, KILL_TWICE, ZOMBIE, TERM, SCALE_UP, SCALE_DOWN = "kill", "kill_twice", "zombie", "term", "scale_up", "scale_down"
POISON_BYTES, POISON_EVENT, JUMP = "poison_bytes", "poison_event", "jump"
SLOW, FULL_DISK, FULL_MEMORY, CUT, AWAY = "slow", "full_disk", "full_memory", "cut", "away"

ENROLLING_A_VISIT, OTHERS_A_VISIT, FAREWELLS_A_VISIT = 2, 4, 1
"""A visit has time for about seven, is enrolling at its beginning alone, and ends once."""

AWAY_FROM = 100
"""From this many disturbances on, one of them is a kiosk that stays away for a minute: it costs its visit."""

LASTS_S = {
    ZOMBIE: (1.2, 2.0),
    SLOW: (0.5, 1.5),
    FULL_DISK: (0.8, 2.0),
    FULL_MEMORY: (0.8, 2.0),
    CUT: (5.0, 5.0),
    AWAY: (60.0, 60.0),
}
"""Seconds, least and most, of what lasts."""

Card = tuple[str, str, str]
"""Kind, stage, state."""


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


def next_of(left: list[Disturbance], *, has_enrolled: bool, is_ending: bool) -> Disturbance | None:
    """The first of those left whose state may still come in this visit.

    Whose line is cut at the gate can give no answer there, and is taken to have declined: it waits until the visitor has agreed.
    """
    possible = {FAREWELL} if is_ending else {*STATES} - ({ENROLLING} if has_enrolled else set())
    waits: set[str] = set() if has_enrolled or is_ending else {CUT, AWAY}
    fitting = (one for one in left if one.state in possible)
    return next((one for one in fitting if one.state == ENROLLING or one.kind not in waits), None)


def _cards(count: int, random: Random) -> list[Card]:
    cards: list[Card] = []
    while len(cards) < count:
        deck = [*_deck()]
        random.shuffle(deck)
        cards += deck
    cards = cards[:count]
    if count >= AWAY_FROM:
        cards[-1] = (AWAY, "kiosk", "listening")
    return cards


def _deck() -> Iterator[Card]:
    """Every kind in every state, once; what changes the number of replicas is called `scale` until it is dealt."""
    for state in STATES:
        for stage in STAGES:
            yield from ((kind, stage, state) for kind in (KILL, ZOMBIE, TERM, "scale", POISON_BYTES))
            if stage != "faceswap":  # it takes every picture it can read, and refuses the rest as pictures
                yield POISON_EVENT, stage, state
        yield from ((kind, "redis", state) for kind in (KILL, TERM, SLOW, FULL_DISK, FULL_MEMORY))
        yield from ((kind, "session", state) for kind in (KILL, TERM))
        yield CUT, "kiosk", state
    for stage in STAGES:
        yield from ((KILL_TWICE, stage, state) for state in ("thinking", "speaking"))
    for stage in (*STAGES, "session", "redis"):
        yield JUMP, stage, "speaking"
    yield from _last_words()


def _last_words() -> Iterator[Card]:
    for stage in ("tts", "session"):
        yield from ((kind, stage, FAREWELL) for kind in (KILL, TERM))
    yield from ((ZOMBIE, stage, FAREWELL) for stage in ("tts", "a2f_bridge"))
    yield from ((KILL, stage, FAREWELL) for stage in ("a2f_bridge", "faceswap"))
    yield from ((kind, "redis", FAREWELL) for kind in (KILL, TERM, SLOW, FULL_DISK))
    yield CUT, "kiosk", FAREWELL


def _ordered(cards: list[Card]) -> Iterator[Card]:
    """By visits: first what is done while enrolling, then the rest, the farewell last."""
    early = [card for card in cards if card[2] == ENROLLING]
    last = [card for card in cards if card[2] == FAREWELL]
    others = [card for card in cards if card[2] not in (ENROLLING, FAREWELL)]
    while early or others or last:
        yield from (*early[:ENROLLING_A_VISIT], *others[:OTHERS_A_VISIT], *last[:FAREWELLS_A_VISIT])
        early, others, last = early[ENROLLING_A_VISIT:], others[OTHERS_A_VISIT:], last[FAREWELLS_A_VISIT:]


def _dealt(number: int, card: Card, replicas: dict[str, int], random: Random) -> Disturbance:
    kind, stage, state = card
    before = replicas.get(stage, 1)
    if kind == "scale":
        kind = SCALE_UP if before == 1 else SCALE_DOWN
        replicas[stage] = 3 - before
    seconds = random.uniform(*LASTS_S[kind]) if kind in LASTS_S else 0.0
    return Disturbance(number, kind, stage, state, round(seconds, 2), before)
