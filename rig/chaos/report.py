"""The figures of a whole run: counts of faults, gaps by kind of disturbance against their targets. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

import msgspec

from rig.chaos import plan
from rig.chaos.disturb import Mark
from rig.chaos.gaps import Seen, gaps_ms, usual
from rig.chaos.record import KINDS, Fault

TARGETS_MS: dict[str, tuple[float, float]] = {
    "stage, with a sibling": (1200.0, 2000.0),
    "redis, restarted": (2000.0, 4000.0),
    "session": (3000.0, 3000.0),
    "scale": (200.0, 200.0),
}
"""p50 and max of the gap."""

GROUPS = {
    plan.SCALE_UP: "scale", plan.SCALE_DOWN: "scale", plan.POISON_BYTES: "poison", plan.POISON_EVENT: "poison",
    plan.KILL_TWICE: "a stage, killed twice", plan.JUMP: "a clock that jumps",
}  # fmt: skip
"""What is one group whomever it is done to."""

MOST_FAULTS = 100
"""Told by name; all are counted."""

ALONE_EXTRA_MS = 1500.0
"""A stage without a sibling: from its end to its successor's being warm (the median of the run), and this."""


class Visited(msgspec.Struct, kw_only=True):
    """What came of one visit."""

    session: str
    faults: list[Fault]
    marks: list[Mark]
    seen: Seen


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds."""

    count: int
    p50: float
    max: float
    target_p50: float | None = None
    target_max: float | None = None
    is_met: bool | None = None


class Chaos(msgspec.Struct, frozen=True, kw_only=True):
    """The document of `mirror bench chaos --json`."""

    seed: int
    has_fence: bool
    disturbances: int
    visits: int
    lost: int
    twice: int
    out_of_order: int
    late: int
    """Visits that ended at the wrong time."""
    left_over: int
    """Keys or files that a wipe left."""
    gap_ms: dict[str, Gap]
    """What the visitor noticed, by kind of disturbance, and `all`."""
    away_ms: dict[str, Gap]
    """How long nobody held the visit, by kind of disturbance to the worker that had it."""
    done: dict[str, int]
    """By kind, stage and state: how often."""
    faults: list[str]
    """The first of them."""
    wait_ms: dict[str, float]
    """Undisturbed: from the end of an utterance to the mirror's next sound, by kind of answer."""

    @property
    def is_clean(self) -> bool:
        """Nothing lost, twice, out of order, late or left over."""
        return not (self.lost or self.twice or self.out_of_order or self.late or self.left_over)


def report(visits: Sequence[Visited], seed: int, *, has_fence: bool) -> Chaos:
    """Everything together."""
    faults = [(one, fault) for one in visits for fault in one.faults]
    counts = Counter(fault.kind for _, fault in faults)
    late_visits = len({one.session for one, fault in faults if fault.kind == "late"})
    norm = usual([(one.marks, one.seen) for one in visits])
    found = [gaps_ms(one.marks, one.seen, norm) for one in visits]
    marked = [
        pair for one, gaps in zip(visits, found, strict=True) for pair in zip(one.marks, gaps.of_marks, strict=True)
    ]
    marks = [mark for mark, _ in marked]
    by_state = Counter(f"{mark.disturbance.kind} {mark.disturbance.stage} {mark.state}" for mark in marks)
    lost, twice, out_of_order, _, left_over = (counts[kind] for kind in KINDS)
    return Chaos(
        seed=seed,
        has_fence=has_fence,
        disturbances=len(marks),
        visits=len(visits),
        lost=lost,
        twice=twice,
        out_of_order=out_of_order,
        late=late_visits,
        left_over=left_over,
        gap_ms=_gaps(marked) | {"nobody's": _gap([gaps.calm for gaps in found], None)},
        away_ms=_away([(mark, 1000.0 * mark.taken_over_s) for mark in marks if mark.taken_over_s is not None]),
        done=dict(sorted(by_state.items())),
        faults=[
            f"visit {visits.index(one) + 1}: {fault.kind}: {fault.rule}: {fault.what}"
            for one, fault in faults[:MOST_FAULTS]
        ],
        wait_ms={kind: round(1000.0 * wait_s, 1) for kind, wait_s in sorted(norm.waits.items())},
    )


def group_of(mark: Mark) -> str:
    """Under which target it falls."""
    one = mark.disturbance
    if one.kind in GROUPS:
        return GROUPS[one.kind]
    if one.stage in plan.STAGES:
        alone = "a stopped stage, alone" if one.kind == plan.ZOMBIE else f"{one.stage}, alone"
        return "stage, with a sibling" if one.replicas > 1 else alone
    if one.stage == "redis":
        return "redis, restarted" if one.kind in (plan.KILL, plan.TERM) else f"redis, {one.kind}"
    return one.stage


def _gaps(marked: Sequence[tuple[Mark, float]]) -> dict[str, Gap]:
    groups: dict[str, list[float]] = {}
    for mark, gap in marked:
        for name in (group_of(mark), f"{mark.disturbance.kind} {mark.disturbance.stage}", "all"):
            groups.setdefault(name, []).append(gap)
    starts: dict[str, list[float]] = {}
    for mark, _ in marked:
        starts.setdefault(group_of(mark), []).append(1000.0 * (mark.over_at - mark.at))
    alone = {name: median(all_ms) + ALONE_EXTRA_MS for name, all_ms in starts.items() if name.endswith(", alone")}
    targets = TARGETS_MS | {name: (round(most), round(most)) for name, most in alone.items() if "stopped" not in name}
    return {name: _gap(values, targets.get(name)) for name, values in sorted(groups.items())}


def _away(marked: Sequence[tuple[Mark, float]]) -> dict[str, Gap]:
    return {
        name: Gap(count=gap.count, p50=gap.p50, max=gap.max) for name, gap in _gaps(marked).items()
    }  # what a target is set for is what a visitor notices


def _gap(values: Iterable[float], target: tuple[float, float] | None) -> Gap:
    values = sorted(values)
    p50, most = round(median(values), 1), round(values[-1], 1)
    if target is None:
        return Gap(count=len(values), p50=p50, max=most)
    is_met = p50 <= target[0] and most <= target[1]
    return Gap(count=len(values), p50=p50, max=most, target_p50=target[0], target_max=target[1], is_met=is_met)
