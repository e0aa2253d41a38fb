"""What is done to the containers, in which order. Pure."""

from typing import NamedTuple

STAGES = ("asr", "llm", "tts", "a2f_bridge", "faceswap")
RESTART, KILL, SCALE_UP, SCALE_DOWN = "restarted", "killed", "scaled up", "scaled down"

SIBLING_S, REDIS_S, SESSION_S, SCALE_S = (1.2, 2.0), (2.0, 4.0), (3.0, 3.0), (0.2, 0.2)
"""Targets: p50 and maximum."""
ALONE_EXTRA_S = 1.5
"""Whom nobody stands in for: its warm time, and this."""


class Harm(NamedTuple):
    """One thing that is done to one container."""

    service: str
    kind: str
    has_sibling: bool = False

    def __str__(self) -> str:
        if self.service not in STAGES or self.kind.startswith("scaled"):
            return f"{self.service} {self.kind}"
        return f"{self.service} {self.kind}, {'with a sibling' if self.has_sibling else 'alone'}"


def harms(samples: int, *, only_alone: bool = False) -> list[Harm]:
    """Every harm so many times: round by round, in each stage by stage, beginning and ending with one replica.

    Args:
        samples: How many of each.
        only_alone: Without those that take a sibling: what is short enough for a minute of quiet.
    """
    of_stages = [harm for stage in STAGES for harm in _of_stage(stage)[: 2 if only_alone else None]]
    of_singles = [Harm(name, kind) for name in ("session", "redis") for kind in (RESTART, KILL)]
    return [*of_stages, *of_singles] * samples


def _of_stage(stage: str) -> list[Harm]:
    # A restart before each kill: Docker waits longer with each crash of a container that it started itself.
    return [
        Harm(stage, RESTART),
        Harm(stage, KILL),
        Harm(stage, SCALE_UP),
        Harm(stage, RESTART, has_sibling=True),
        Harm(stage, KILL, has_sibling=True),
        Harm(stage, SCALE_DOWN),
    ]


def target_s(harm: Harm, warm_s: float) -> tuple[float, float]:
    """p50 and maximum of the gap.

    Args:
        harm: What was done.
        warm_s: How long the stage's engine takes to be warm.
    """
    if harm.service == "redis":
        return REDIS_S
    if harm.service == "session":
        return SESSION_S
    if harm.kind in (SCALE_UP, SCALE_DOWN):
        return SCALE_S
    alone_s = warm_s + ALONE_EXTRA_S
    return SIBLING_S if harm.has_sibling else (alone_s, alone_s)
