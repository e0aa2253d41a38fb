"""`mirror bench containers`: what the terminal sees of it."""

from pathlib import Path

import msgspec

from rig.console import print_json, progress_bar, say, table_of
from rig.containers.command import project
from rig.containers.engine import Containers
from rig.containers.gaps.plan import Harm
from rig.containers.gaps.report import ContainerGaps
from rig.containers.gaps.run import bench_containers
from rig.visitor import read_visitor


def run_containers(visitor: Path, wanted: list[Harm], json_file: Path | None, records: Path | None) -> int:
    """Disturb, measure and print; returns 1 if anything was lost, twice, out of order or left over."""
    with progress_bar("disturbing containers") as progress:
        found = bench_containers(Containers(project()), read_visitor(visitor), wanted, progress, records)
    if json_file == Path("-"):
        print_json(found)
    else:
        _print(found)
    if json_file and json_file != Path("-"):
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))
    return 0 if found.is_clean else 1


def _print(found: ContainerGaps) -> None:
    rows = [{"seconds without": name, **msgspec.structs.asdict(gap)} for name, gap in found.gaps_s.items()]
    table_of(rows, ["seconds without", "count", "p50", "max", "target_p50", "target_max", "is_met", "picture_max"])
    for fault in found.faults:
        say(fault)
    say(
        f"{found.visits} visits, {found.events} events: {found.lost} lost, {found.twice} twice, {found.out_of_order} out of order, "
        f"{found.late} late, {found.left_over} left over, {found.unsaid} not said in time; load {found.load} when it began"
    )
