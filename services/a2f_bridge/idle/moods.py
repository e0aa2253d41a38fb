"""What each mood of Attention looks like, in numbers."""

import math
from collections.abc import Callable
from typing import TypeAlias

import msgspec

Dice: TypeAlias = Callable[[], float]
"""A number in 0 <= x < 1, each time another."""


class Mood(msgspec.Struct, frozen=True, kw_only=True):
    """How a face is while it seems to be doing one thing."""

    settle_s: float = 0.35
    """Time constant with which a face comes into this mood."""
    lids: float = 0.06
    """How far the lids hang: 0 open, 1 closed."""
    blink_s: float = 4.0
    """Mean time between blinks; infinite: none."""
    stay_s: float = 1.1
    """Mean time the eyes rest on one point."""
    wander_deg: float = 1.8
    """How far apart the points are that they rest on: the visitor's eyes and mouth."""
    away: float = 0.06
    """Chance that they leave the visitor at all."""
    eyes_deg: float = 0.0
    """Where the eyes rest: up is positive."""
    sway_deg: float = 1.1
    """How far the head wanders."""
    pitch_deg: float = 0.0
    """How the head is held: up is positive."""
    breath_s: float = 4.4
    """One breath."""
    breath_deg: float = 0.5
    """How far a breath lifts the head."""
    nod_s: float = math.inf
    """Mean time between small nods."""
    smile: float = 0.03
    brow: float = 0.03
    """Inner brows raised."""


MOODS: dict[str, Mood] = {
    "asleep": Mood(
        settle_s=1.2, lids=1.0, blink_s=math.inf, stay_s=3.0, wander_deg=1.0, away=0.0, eyes_deg=-12.0,
        sway_deg=0.5, pitch_deg=-5.0, breath_s=5.6, breath_deg=1.0, smile=0.0, brow=0.0,
    ),
    "waking": Mood(
        settle_s=0.7, lids=0.10, blink_s=2.2, stay_s=0.8, wander_deg=3.0, away=0.08,
        sway_deg=0.9, pitch_deg=0.8, breath_s=3.8, breath_deg=0.9, smile=0.02, brow=0.14,
    ),
    "listening": Mood(nod_s=6.5, brow=0.05),
    # quick: the sign of life must be seen 150 ms after the visitor stops
    "thinking": Mood(
        settle_s=0.09, lids=0.0, blink_s=3.2, stay_s=0.9, wander_deg=1.5, away=0.22,
        sway_deg=0.7, pitch_deg=1.4, breath_s=4.0, breath_deg=0.7, brow=0.20,
    ),
    "speaking": Mood(
        settle_s=0.3, lids=0.07, blink_s=3.0, stay_s=1.0, wander_deg=2.2, away=0.12, sway_deg=1.9, breath_s=3.8, brow=0.05
    ),
    "farewell": Mood(
        settle_s=0.9, lids=0.13, blink_s=3.6, stay_s=2.2, wander_deg=1.0, away=0.0,
        sway_deg=0.6, pitch_deg=-1.2, breath_s=5.0, breath_deg=0.7, smile=0.2, brow=0.1,
    ),
}  # fmt: skip

EASED = ("lids", "eyes_deg", "sway_deg", "pitch_deg", "breath_deg", "smile", "brow")
"""What glides from one mood to the next; the rest takes effect at the next chance."""


def ease(now: Mood, goal: Mood, step_s: float) -> Mood:
    """`now`, after it has gone toward `goal` for `step_s`."""
    share = 1.0 - math.exp(-step_s / goal.settle_s)
    glide = {name: getattr(now, name) + share * (getattr(goal, name) - getattr(now, name)) for name in EASED}
    return msgspec.structs.replace(goal, **glide)


def wait_s(dice: Dice, mean_s: float, least_s: float) -> float:
    """A time to the next blink, glance or nod: without memory, but never shorter than `least_s` nor so long that it stares."""
    if math.isinf(mean_s):
        return math.inf
    return min(3.0 * mean_s, least_s - math.log(1.0 - dice()) * max(0.0, mean_s - least_s))


def smooth(x: float) -> float:
    """A step from 0 at x = 0 to 1 at x = 1 that begins and ends softly."""
    x = min(1.0, max(0.0, x))
    return x * x * (3.0 - 2.0 * x)
