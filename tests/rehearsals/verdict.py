"""Whether a rehearsal went as it must, by its report and the heartbeats."""

from typing import Any

import msgspec

from tests.rehearsals.faults import FAULTS, Fault
from tests.rehearsals.watch import Beats

LENGTH_S = 75.0
SLACK_S = 0.5


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One rehearsal."""

    name: str
    wrong: tuple[str, ...]
    """What is not as it must be; empty: all is."""
    noted: tuple[str, ...]
    """What was seen, for people."""


def of_visit(report: dict[str, Any], code: int) -> list[str]:
    """What every visit must be."""
    must, wipe = report["must_say"], report["wipe"]
    rules = {
        f"must-say lines missing: {must['missing']}": must["said"] == must["of"] > 0,
        f"it lasted {report['duration_s']} s": abs(report["duration_s"] - LENGTH_S) <= SLACK_S,
        f"not wiped: {wipe}": wipe["keys_left"] == 0 and wipe.get("keys_found", 0) == 0,
        f"no copy: {report['captures']}": all(report["captures"].values()),
        f"exit code {code}": code == 0,
    }
    return [what for what, holds in rules.items() if not holds]


def in_peace(beats: Beats) -> list[str]:
    """Every stage on its rig's engine, from the first to the last."""
    return [
        f"{fault.stage} was {said.state} on {said.engine}: {said.last_error}"
        for fault in FAULTS.values()
        for said in beats.said[fault.stage]
        if said.state == "degraded" or (said.state == "ready" and fault.engine not in said.engine)
    ]


def broken(fault: Fault, beats: Beats, broke_at: float, back: bool) -> list[str]:
    """The one stage degraded, with reason and count, and well again; the others never."""
    said = beats.said[fault.stage]
    degraded = [one for one in said if one.at >= broke_at and one.state == "degraded"]
    before = max((one.fallbacks for one in said if one.at < broke_at), default=0)
    others = [
        f"{stage} was degraded: {one.last_error}"
        for stage, past in beats.said.items()
        for one in past
        if stage != fault.stage and one.state == "degraded"
    ]
    rules = {
        "the operator was never told": bool(degraded),
        f"the reason does not say {fault.says!r}: {[one.last_error for one in degraded]}": any(
            fault.says in one.last_error for one in degraded
        ),
        "no turn was counted as covered": said[-1].fallbacks > before,
        f"it did not come back: {said[-1].state}, {said[-1].last_error}": back,
    }
    return [*(what for what, holds in rules.items() if not holds), *others]


def notes(fault: Fault, beats: Beats, broke_at: float) -> tuple[str, ...]:
    """Its heartbeats from the moment it broke."""
    return tuple(
        f"{one.at - broke_at:+6.1f} s  {one.state:9} {one.engine} ({one.fallbacks} covered) {one.last_error}"
        for one in beats.said[fault.stage]
        if one.at >= broke_at - 1.0
    )
