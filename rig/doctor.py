"""`mirror doctor`: can the mirror open tonight? Everything that could keep it from it, with what to do about each."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rig.checks.clock import clock
from rig.checks.gpu import card
from rig.checks.ground import Ground
from rig.checks.live_link import live_link
from rig.checks.machine import browser, checkout, disk, memory, processor, python, redis, visits_memory
from rig.checks.packages import packages
from rig.checks.ports import ports
from rig.checks.stages import run_stages
from rig.checks.weights import weights
from rig.console import print_json, progress_bar, say
from rig.options import Options, settings_of
from rig.signals import stopping_cleanly
from shared.checkup import Finding

Check = Callable[[Ground], Iterator[Finding]]
SECTIONS: tuple[tuple[str, tuple[Check, ...]], ...] = (
    ("machine", (python, processor, memory, disk, visits_memory, redis, browser, checkout)),
    ("card", (card,)),
    ("packages", (packages,)),
    ("models", (weights,)),
    ("network", (clock, ports, live_link)),
)
PATIENCE_S = 57.0
"""For everything: who asks has a minute."""
SHORTEST_LANE_S = 30.0
"""For the engines, even where the hashing took most of it."""
MARKS = {"right": ("✓", "green"), "missing": ("!", "yellow"), "wrong": ("✗", "red")}


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found."""

    sections: dict[str, list[Finding]]
    seconds: float

    @property
    def findings(self) -> list[Finding]:
        """Without their sections."""
        return [finding for section in self.sections.values() for finding in section]

    def of_state(self, state: str) -> list[Finding]:
        """Those that are right, missing or wrong."""
        return [finding for finding in self.findings if finding.state == state]


def run_doctor(options: Options, *, is_quick: bool, as_json: bool) -> int:
    """All checks; returns 1 if something keeps the mirror from opening."""
    ground = Ground(settings=settings_of(options, os.environ), is_quick=is_quick, package=options.package)
    with progress_bar("looking at") as progress:
        examined = examine(ground, progress)
    if as_json:
        print_json(document(examined))
    else:
        show(examined)
        say(verdict(examined, ground))
    return 1 if examined.of_state("wrong") else 0


def examine(ground: Ground, progress: Callable[[str, float], None]) -> Examination:
    """Look at everything: the quick things first, then the engines."""
    began = time.monotonic()
    found: dict[str, list[Finding]] = {}
    for number, (title, checks) in enumerate(SECTIONS):
        progress(title, 0.3 * number / len(SECTIONS))
        found[title] = [finding for check in checks for finding in check(ground)]
    if not ground.is_quick:
        lane_s = max(SHORTEST_LANE_S, PATIENCE_S - (time.monotonic() - began))
        engines = run_stages(ground, lambda what, share: progress(what, 0.3 + 0.7 * share), lane_s)
        found |= without_repeats(found, asyncio.run(stopping_cleanly(engines)))
    return Examination(sections=found, seconds=time.monotonic() - began)


def without_repeats(told: dict[str, list[Finding]], more: dict[str, list[Finding]]) -> dict[str, list[Finding]]:
    """What stages found, without what was told already: a stage sees its own settings alone, the doctor sees all."""
    names = {finding.check for section in told.values() for finding in section}
    return {title: [finding for finding in section if finding.check not in names] for title, section in more.items()}


def document(examined: Examination) -> dict[str, object]:
    """The JSON form."""
    return {
        "can_run": not examined.of_state("wrong"),
        "wrong": len(examined.of_state("wrong")),
        "missing": len(examined.of_state("missing")),
        "seconds": round(examined.seconds, 2),
        "findings": [
            {"section": title, **msgspec.to_builtins(finding)}
            for title, section in examined.sections.items()
            for finding in section
        ],
    }


def show(examined: Examination) -> None:
    """One table, worst things marked so that an eye finds them without colour."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for title, section in examined.sections.items():
        if section:
            table.add_row("", Text(title, style="bold"), "")
        for finding in section:
            mark, colour = MARKS[finding.state]
            table.add_row(Text(mark, style=colour), finding.check, Text(finding.found))
            if finding.cure:
                table.add_row("", "", Text(f"-> {finding.cure}", style=colour))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    console.print(table)


def verdict(examined: Examination, ground: Ground) -> str:
    """One sentence."""
    wrong, missing = len(examined.of_state("wrong")), len(examined.of_state("missing"))
    took = f" ({examined.seconds:.0f} s)"
    if wrong:
        return (
            f"{wrong} thing{'s' * (wrong > 1)} keep{'s' * (wrong == 1)} the mirror from opening: the lines with ✗{took}"
        )
    better = f"; {missing} thing{'s' * (missing > 1)} could be better: the lines with !" if missing else ""
    quick = "; no engine was opened (--quick)" if ground.is_quick else ""
    return f"the mirror can run here{better}{quick}{took}"
