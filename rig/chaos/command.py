"""`mirror bench chaos` and `mirror bench chaos-check`: what the terminal sees of them."""

from pathlib import Path
from secrets import randbelow

import msgspec

from rig.chaos.check import check
from rig.chaos.gaps import gaps_ms, seen, usual
from rig.chaos.keep import Kept, all_kept, told
from rig.chaos.page import save_run
from rig.chaos.report import Chaos, Visited, report
from rig.chaos.run import Run, bench_chaos
from rig.console import print_json, progress_bar, say, table_of
from rig.machine import this_machine


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for."""

    count: int
    seed: int | None = None
    has_fence: bool = True
    records: Path | None = None
    """Folder for visits with a fault."""
    keeps_all: bool = False
    json_file: Path | None = None
    """Or `-`."""
    folder: Path | None = None
    """Where the benchmark's page goes."""


def run_chaos(wish: Wish) -> int:
    """Disturb, check and print; returns 1 if anything was lost, twice, out of order, late or left over."""
    seed = randbelow(1_000_000) if wish.seed is None else wish.seed
    say(f"seed {seed}")  # first: a run that is broken off can be repeated, too
    machine = this_machine()
    with progress_bar("disturbing") as progress:
        run = Run(seed, progress, wish.has_fence, wish.records, wish.keeps_all)
        found = bench_chaos(wish.count, run)
    _tell(found, wish.json_file)
    if wish.folder:
        say(f"saved: {save_run(found, machine, wish.folder)}")
    return 0 if found.is_clean else 1


def check_again(paths: list[Path], json_file: Path | None) -> int:
    """The check on visits that were kept, without a mirror; returns as `run_chaos`. Raises BadInput."""
    kept = all_kept(paths)
    visits = [visited_again(one) for one in kept]
    norm = usual([(one.marks, one.seen) for one in visits])
    for one, visit in zip(kept, visits, strict=True):
        say(f"seed {one.seed}, visit {one.number}: ends at {one.record.ends_at:.2f}")
        for mark, gap_ms in zip(visit.marks, gaps_ms(visit.marks, visit.seen, norm).of_marks, strict=True):
            say(f"  {mark.at:10.2f} to {mark.over_at:10.2f}  gap {gap_ms:7.1f} ms  {mark.disturbance}")
        for fault in visit.faults:
            say(f"  {fault.at:10.2f}  {told(fault)}")
    found = report(visits, kept[0].seed, has_fence=True)
    _tell(found, json_file)
    return 0 if found.is_clean else 1


def visited_again(kept: Kept) -> Visited:
    """By the rules of today."""
    what = seen(kept.record, kept.seen.shown, kept.seen.posed)
    return Visited(session=kept.record.session, faults=check(kept.record), marks=kept.marks, seen=what)


def _tell(found: Chaos, json_file: Path | None) -> None:
    if json_file == Path("-"):
        print_json(found)
        return
    _print(found)
    if json_file:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))


def _print(found: Chaos) -> None:
    rows = [{"gap of": name, **msgspec.structs.asdict(gap)} for name, gap in found.gap_ms.items()]
    table_of(rows, ["gap of", "count", "p50", "max", "target_p50", "target_max", "is_met"])
    for fault in found.faults:
        say(fault)
    say(
        f"{found.disturbances} disturbances in {found.visits} visits, seed {found.seed}: {found.lost} lost, {found.twice} twice, "
        f"{found.out_of_order} out of order, {found.late} late, {found.left_over} left over"
    )
