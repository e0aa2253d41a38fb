"""The figures of a run: gaps by what was done, against their targets, and what the visits lost. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

import msgspec

from rig.chaos.record import KINDS, Fault
from rig.containers.gaps.plan import Harm, target_s


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One harm and what came of it."""

    harm: Harm
    gap_s: float
    """A stage: nobody held the visit. The session: the kiosk had no line. Redis: no question was answered."""
    picture_s: float = 0.0
    """How much longer than usual a picture stood on the glass."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds."""

    count: int
    p50: float
    max: float
    target_p50: float
    target_max: float
    is_met: bool
    picture_max: float


class ContainerGaps(msgspec.Struct, frozen=True, kw_only=True):
    """The document of `mirror bench containers --json`."""

    gaps_s: dict[str, Gap]
    warm_s: dict[str, float]
    visits: int
    events: int
    lost: int
    twice: int
    out_of_order: int
    late: int
    left_over: int
    unsaid: int
    """Answers that did not come in time, or at all: a machine that is too busy loses them, too."""
    faults: list[str]
    load: float
    """Processes that wanted a core when it began."""

    @property
    def is_clean(self) -> bool:
        """Nothing lost on its way, twice, out of order or left over."""
        return not (self.lost or self.twice or self.out_of_order or self.left_over)


def gaps(samples: Sequence[Sample], warm_s: Mapping[str, float]) -> dict[str, Gap]:
    """By what was done, in the order in which it was first done."""
    by_harm: dict[Harm, list[Sample]] = {}
    for one in samples:
        by_harm.setdefault(one.harm, []).append(one)
    return {str(harm): _gap(found, target_s(harm, warm_s.get(harm.service, 0.0))) for harm, found in by_harm.items()}


def _gap(samples: Sequence[Sample], target: tuple[float, float]) -> Gap:
    values = [one.gap_s for one in samples]
    p50, most = round(median(values), 2), round(max(values), 2)
    return Gap(
        count=len(values),
        p50=p50,
        max=most,
        target_p50=round(target[0], 2),
        target_max=round(target[1], 2),
        is_met=p50 <= target[0] and most <= target[1],
        picture_max=round(max(one.picture_s for one in samples), 2),
    )


def counted(faults: Sequence[Fault], unsaid: int) -> dict[str, int]:
    """How many of each kind."""
    counts = Counter(fault.kind for fault in faults)
    return {**{kind: counts[kind] for kind in KINDS}, "unsaid": unsaid}
