"""What a benchmark measured: tables that `mirror bench` prints, writes as Markdown and JSON, and draws."""

import msgspec

Cell = str | float | None


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """Lines over one column of a table, one line a y column."""

    x: str
    y: tuple[str, ...]
    unit: str
    """Of the y axis."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows as long as `columns`; units stand in the columns' names."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    """What a reader must know to believe it: weights random or real, how often repeated, what was left out."""
    plot: Plot | None = None


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """One run on one machine."""

    name: str
    tables: tuple[Table, ...]
    figures: dict[str, float] = {}
    """The figures a program asks for, by dotted name: `{"720p.ratio": 9.1}`."""
    notes: tuple[str, ...] = ()
    """What could not be run here, and why; how the engines were configured."""
