"""`mirror bench chaos`: what the terminal sees of it."""

from pathlib import Path
from secrets import randbelow

import msgspec

from rig.chaos.page import save_run
from rig.chaos.report import Chaos
from rig.chaos.run import bench_chaos
from rig.console import print_json, progress_bar, say, table_of
from rig.machine import this_machine


def run_chaos(
    count: int, seed: int | None, json_file: Path | None, *, has_fence: bool, folder: Path | None = None
) -> int:
    """Disturb, check and print; returns 1 if anything was lost, twice, out of order, late or left over."""
    seed = randbelow(1_000_000) if seed is None else seed
    say(f"seed {seed}")  # first: a run that is broken off can be repeated, too
    machine = this_machine()
    with progress_bar("disturbing") as progress:
        found = bench_chaos(count, seed, progress, has_fence=has_fence)
    if json_file == Path("-"):
        print_json(found)
    else:
        _print(found)
    if json_file and json_file != Path("-"):
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))
    if folder:
        say(f"saved: {save_run(found, machine, folder)}")
    return 0 if found.is_clean else 1


def _print(found: Chaos) -> None:
    rows = [{"gap of": name, **msgspec.structs.asdict(gap)} for name, gap in found.gap_ms.items()]
    table_of(rows, ["gap of", "count", "p50", "max", "target_p50", "target_max", "is_met"])
    for fault in found.faults:
        say(fault)
    say(
        f"{found.disturbances} disturbances in {found.visits} visits, seed {found.seed}: {found.lost} lost, {found.twice} twice, "
        f"{found.out_of_order} out of order, {found.late} late, {found.left_over} left over"
    )
