"""Which click belongs to which flash, and how far apart they are. Pure.

The claps follow each other at uneven steps, so that only the right delay makes many of them meet.
"""

from statistics import median

import msgspec

GAPS_S = (1.5, 1.9, 1.6, 2.3, 1.7, 2.1, 1.5, 2.0, 1.8)
"""From one clap to the next."""
FIRST_S = 1.0
FARTHEST_S = 0.7
"""Sound and picture are never farther apart."""
_TOGETHER_S = 0.06
LEAST = 3


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs together."""

    late_s: float
    """Median of sound minus picture; positive: the sound is late."""
    spread_s: float
    """Median distance from it: how far a single clap can be trusted."""
    count: int


def claps(count: int = len(GAPS_S) + 1) -> list[float]:
    """When each clap of the film is, seconds."""
    at, times = FIRST_S, []
    for number in range(count):
        times.append(at)
        at += GAPS_S[number % len(GAPS_S)]
    return times


def pair(clicks: list[float], flashes: list[float]) -> Pairs | None:
    """Pair them by the delay at which most meet; None if fewer than three do.

    Args:
        clicks: Seconds, on the recording's clock.
        flashes: As `clicks`.
    """
    apart = [sound - light for sound in clicks for light in flashes if abs(sound - light) <= FARTHEST_S]
    groups = [[one for one in apart if abs(one - centre) <= _TOGETHER_S] for centre in apart]
    # Of equally many the closest to none: a sound heard twice meets as well one echo later.
    best = max(groups, key=lambda group: (len(group), -abs(median(group))), default=[])
    if len(best) < LEAST:
        return None
    late_s = median(best)
    return Pairs(late_s=late_s, spread_s=median(abs(one - late_s) for one in best), count=len(best))
