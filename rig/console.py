"""How the command line speaks: words and progress on stderr, results on stdout, one JSON document with `--json`."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from shared.errors import BadInput, BusUnavailable, ConfigError, EngineFailed, EngineUnavailable, MirrorError

EXIT_CODES: dict[type[MirrorError], int] = {
    BadInput: 3,
    ConfigError: 4,
    EngineUnavailable: 5,
    EngineFailed: 6,
    BusUnavailable: 7,
}
"""Besides 0 done, 1 something measured or checked is not right, 2 the command was not understood, 130 Ctrl-C."""

LINE_EVERY_S = 30.0
"""Where there is no terminal, so seldom a line tells how far long work is."""

words = Console(stderr=True, highlight=False)
"""Where people read."""


def exit_code(error: MirrorError) -> int:
    """The number a script can act on."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 8)


def print_json(document: object) -> None:
    """The one JSON document of a command, on stdout."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """One line to the person at the terminal; never part of the result."""
    words.print(text, soft_wrap=True, markup=False)


def fail(error: MirrorError) -> int:
    """Print an error as its one clear line; returns the exit code."""
    words.print(f"mirror: {error}", style="red", soft_wrap=True, markup=False)
    return exit_code(error)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[str, float], None]]:
    """A bar for work of over a second: call it with (what is being done, share done 0..1). Without a terminal, a line now and then."""
    if not words.is_terminal:
        yield now_and_then(title, say)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=words, transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda what, share: bar.update(task, completed=share, description=f"{title} {what}".strip())


def now_and_then(
    title: str, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic
) -> Callable[[str, float], None]:
    """Progress for a log: nothing of short work, of long work a line every `LINE_EVERY_S`."""
    told_at = clock()

    def show(what: str, share: float) -> None:
        nonlocal told_at
        if clock() - told_at >= LINE_EVERY_S:
            told_at = clock()
            tell(f"{title} {what}".strip() + f" ({share:.0%})")

    return show


@contextmanager
def bytes_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Bars for what is fetched: call it with (name, bytes here, bytes of the whole or 0). Silent where no one watches."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(*columns, console=words, disable=not words.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def show(name: str, have: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=None)
            bar.update(tasks[name], completed=have, total=total or None)

        yield show


def table_of(rows: list[dict[str, Any]], columns: list[str]) -> None:
    """Rows as a table on stdout."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(row.get(name, ""))) for name in columns))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200  # into a file or a pipe: whole lines
    console.print(table)
