"""A run as a benchmark's page in docs/benchmarks/. Pure but for the machine and the date."""

from datetime import UTC, datetime
from pathlib import Path

from rig.bench_engines import save
from rig.bench_page import Taken
from rig.chaos.report import Chaos, Gap
from rig.machine import Machine
from shared.benchmark import Benchmark, Table


def save_run(found: Chaos, machine: Machine, folder: Path) -> Path:
    """Page and figures into the folder; returns the page."""
    fence = "" if found.has_fence else " --no-fence"
    return save(
        Taken(
            bench="chaos",
            label=machine.label if found.has_fence else f"no-fence-{machine.label}",
            command=f"mirror bench chaos --disturbances {found.disturbances} --seed {found.seed}{fence}",
            date=datetime.now(UTC).date().isoformat(),
            machine=machine,
            benchmark=benchmark(found),
        ),
        folder,
    )


def benchmark(found: Chaos) -> Benchmark:
    """Its tables and figures."""
    counts = {name: float(getattr(found, name)) for name in ("lost", "twice", "out_of_order", "late", "left_over")}
    return Benchmark(
        name="chaos",
        tables=(
            Table(
                title="What was found",
                columns=("disturbances", "visits", *counts),
                rows=((float(found.disturbances), float(found.visits), *counts.values()),),
                note=f"docs/chaos.md says what each word means. Undisturbed, an answer begins after {_waits(found)} ms.",
            ),
            _gaps("What the visitor noticed, ms", found.gap_ms),
            _gaps("How long nobody held the visit, ms", found.away_ms),
            Table(title="Faults", columns=("fault",), rows=tuple((fault,) for fault in found.faults) or (("none",),)),
        ),
        figures=counts | {f"gap_ms.{end}": getattr(found.gap_ms["all"], end) for end in ("p50", "max")},
    )


def _waits(found: Chaos) -> str:
    return ", ".join(f"{kind} {wait_ms:g}" for kind, wait_ms in found.wait_ms.items())


def _gaps(title: str, gaps: dict[str, Gap]) -> Table:
    rows = tuple(
        (name, float(gap.count), gap.p50, gap.max, gap.target_p50, gap.target_max, _met(gap.is_met))
        for name, gap in gaps.items()
    )
    return Table(title=title, columns=("of", "count", "p50", "max", "target p50", "target max", "met"), rows=rows)


def _met(is_met: bool | None) -> str | None:
    return None if is_met is None else "yes" if is_met else "no"
