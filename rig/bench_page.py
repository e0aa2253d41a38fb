"""A benchmark's result as a document, as a page, and the page that lists them all. Pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from rig.machine import Machine
from shared.benchmark import Benchmark, Cell, Table


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark, taken once."""

    bench: str
    """As it is called: `mirror bench <bench>`."""
    label: str
    """Engine and machine, for file names."""
    command: str
    date: str
    """ISO 8601."""
    is_quick: bool = False
    machine: Machine
    benchmark: Benchmark

    @property
    def stem(self) -> str:
        """Of its files."""
        return f"{self.bench}-{self.label}"


def document(taken: Taken) -> dict[str, Any]:
    """The JSON form: everything, and the figures once more by their dotted names, as `720p.ratio`."""
    nested: dict[str, Any] = {}
    for name, value in taken.benchmark.figures.items():
        *tables, last = name.split(".")
        place = nested
        for table in tables:
            place = place.setdefault(table, {})
        place[last] = value
    return {**nested, "figures": dict(taken.benchmark.figures), **msgspec.to_builtins(taken)}


def page(taken: Taken, plots: Sequence[str]) -> str:
    """The Markdown of one result.

    Args:
        taken: The result.
        plots: File name of each table's plot, in the order of the tables; empty for a table without one.
    """
    machine = taken.machine
    head = [
        f"# {taken.benchmark.name}: {taken.label}",
        "",
        f"`{taken.command}`, {taken.date}."
        + (" **A short run: believe the order, not the digits.**" if taken.is_quick else ""),
        "",
        f"- {machine.cpu}, {machine.cores} cores, {machine.memory_gb:g} GB; load {machine.load:g} at the start",
        f"- {machine.gpu}, driver {machine.driver}" if machine.gpu else "- no GPU",
        f"- {machine.system}, Python {machine.python}; "
        + ", ".join(f"{name} {one}" for name, one in machine.libraries.items()),
        *[f"- {note}" for note in taken.benchmark.notes],
        "",
    ]
    return "\n".join(head) + "\n" + "\n".join(_table(*pair) for pair in zip(taken.benchmark.tables, plots, strict=True))


def _table(table: Table, plot: str) -> str:
    rows = [table.columns, ("---",) * len(table.columns), *table.rows]
    lines = "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows)
    picture = f"\n![{table.title}]({plot})\n" if plot else ""
    note = f"\n{table.note}\n" if table.note else ""
    return f"## {table.title}\n\n{lines}\n{note}{picture}"


def _cell(cell: Cell) -> str:
    if cell is None:
        return "–"
    return cell.replace("|", "\\|") if isinstance(cell, str) else number(cell)


def number(value: float) -> str:
    """Three digits that count, never in powers of ten, whole where it is whole."""
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.6f}".rstrip("0").rstrip(".")
