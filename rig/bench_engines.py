"""`mirror bench STAGE`: a stage's own measurements, run, told and saved."""

import importlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from rig.bench_index import FOLDER, index, read_results
from rig.bench_page import Taken, document, number, page
from rig.bench_plot import draw
from rig.console import print_json, progress_bar, say, table_of
from rig.machine import anonymous, this_machine
from rig.options import Options, settings_of
from rig.try_command import setting_of
from shared.benchmark import Benchmark, Cell
from shared.config import override
from shared.errors import BadInput, EngineUnavailable

BENCHES = {
    "asr": "asr.benchmark",
    "llm": "llm.benchmark",
    "tts": "tts.benchmark",
    "a2f_bridge": "a2f_bridge.benchmark",
    "faceswap": "faceswap.benchmark",
    "paste-back": "faceswap.paste_benchmark",
    "video": "faceswap.video_benchmark",
}
"""By the word of the command line: the module, below the services' package."""
WITHOUT_ENGINE = ("paste-back", "video")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure, and what to do with it."""

    bench: str
    engine: str = ""
    sets: tuple[str, ...] = ()
    inputs: dict[str, str | None] = {}
    """input, voice, face, out."""
    is_quick: bool = False
    label: str = ""
    """Instead of engine and machine."""


def run_bench(wish: Wish, options: Options, *, json_file: Path | None, folder: Path | None) -> int:
    """Measure, print, and save where asked; returns the exit code.

    Raises:
        MirrorError: The engine is not there, an input cannot be used, or the stage has no measurements.
    """
    taken = take(wish, options)
    if json_file == Path("-"):
        print_json(document(taken))
    else:
        show(taken.benchmark)
    if json_file and json_file != Path("-"):
        _write(json_file, msgspec.json.format(msgspec.json.encode(document(taken)), indent=2))
        say(f"figures: {json_file}")
    if folder:
        say(f"saved: {save(taken, folder)}")
    return 0


def take(wish: Wish, options: Options) -> Taken:
    """Measure."""
    stage = BENCHES[wish.bench].partition(".")[0]
    settings = settings_of(options, os.environ)
    if wish.engine:
        override(settings, [stage, "engine"], wish.engine)
    for text in wish.sets:
        override(settings, *setting_of(stage, settings, text))
    machine = this_machine()
    inputs = (
        {"input": None, "voice": None, "face": None, "out": None}
        | wish.inputs
        | {"quick": "1" if wish.is_quick else None}
    )
    with progress_bar(f"measuring {wish.bench}") as progress:
        found: Benchmark = _module(wish.bench, options.package).run_benchmark(
            settings, inputs, lambda share, what: progress(what, share)
        )
    engine = "" if wish.bench in WITHOUT_ENGINE else str(settings.get(stage, {}).get("engine", ""))
    return Taken(
        bench=wish.bench,
        label=wish.label or "-".join(part for part in (engine, machine.label) if part),
        command=_command(wish),
        date=datetime.now(UTC).date().isoformat(),
        is_quick=wish.is_quick,
        machine=machine,
        benchmark=msgspec.convert(anonymous(msgspec.to_builtins(found)), Benchmark),
    )


def _module(bench: str, package: str) -> Any:
    name = f"{package}.{BENCHES[bench]}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            raise EngineUnavailable(f"bench {bench}: there is no {name}; this stage brings no measurements") from error
        raise EngineUnavailable(
            f"bench {bench}: it needs {error.name}, which is not installed; run `make engines`"
        ) from error


def _command(wish: Wish) -> str:
    """As it can be typed again; addresses and paths are left out."""
    words = ["mirror", "bench", wish.bench]
    words += ["--engine", wish.engine] if wish.engine else []
    for text in wish.sets:
        key, _, value = text.partition("=")
        words += ["--set", f"{key}={'…' if '/' in value or ':' in value else value}"]
    words += [f"--{name} …" for name, value in wish.inputs.items() if value]
    return " ".join([*words, "--quick"] if wish.is_quick else words)


def show(found: Benchmark) -> None:
    """The tables, on stdout."""
    console = Console(highlight=False)
    for table in found.tables:
        console.print(f"\n[bold]{table.title}[/]")
        rows = [dict(zip(table.columns, (_shown(cell) for cell in row), strict=True)) for row in table.rows]
        table_of(rows, list(table.columns))
        if table.note:
            console.print(table.note, style="dim", markup=False)
    for note in found.notes:
        console.print(f"- {note}", markup=False)
    if found.figures:
        console.print()
        table_of(
            [{"figure": name, "value": number(value)} for name, value in found.figures.items()], ["figure", "value"]
        )
    sys.stdout.flush()


def _shown(cell: Cell) -> str:
    return "–" if cell is None else cell if isinstance(cell, str) else number(cell)


def save(taken: Taken, folder: Path = FOLDER) -> Path:
    """Page, figures and plots into the folder, and its list anew; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{taken.stem}-[0-9].svg"):
        old.unlink()
    plots = [
        _save_plot(folder / f"{taken.stem}-{number_of}.svg", draw(table))
        for number_of, table in enumerate(taken.benchmark.tables, 1)
    ]
    path = folder / f"{taken.stem}.md"
    _write(folder / f"{taken.stem}.json", msgspec.json.format(msgspec.json.encode(document(taken)), indent=2) + b"\n")
    _write(path, page(taken, plots).encode())
    _write(folder / "README.md", index(read_results(folder)).encode())
    return path


def _save_plot(path: Path, picture: str) -> str:
    if not picture:
        return ""
    _write(path, picture.encode())
    return path.name


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BadInput(f"bench: cannot write {path}: {error.strerror}") from error
