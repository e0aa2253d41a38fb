"""docs/benchmarks/README.md: how to take figures, which there are, which are missing. Written anew at every `--save`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from rig.bench_page import Taken, number
from rig.service import ROOT

FOLDER = ROOT / "docs" / "benchmarks"
SHOWN = 3
"""Figures of each result in the list."""

_HEAD = """\
# Benchmarks

Written by `mirror bench ... --save`; do not edit. Each page has the machine it was taken on; compare figures of one page, not of two
machines. Beside each page lie its JSON and its plots.

## Taking them

- On a quiet machine: the page says what load there was when it began.
- `mirror bench asr` (or `llm`, `tts`, `a2f_bridge`, `faceswap`, `paste-back`, `video`) measures the configured engine;
  `--engine` and `--set` choose another, as with `mirror try`; `--config config/rig.toml` takes the rig's.
- `--quick` for a look; `--json FILE` for a program (`720p.ratio` is a path in it); `--save` writes here, `--label` names it.
- `mirror bench conversation` measures our own share of a turn, engines taken out.
- `mirror bench chaos` disturbs visits and counts what was lost, twice or out of order ([docs/chaos.md](../chaos.md)).
- Weights may be random where a table says so: time does not depend on what is in them, words and faces do.
"""

READY: tuple[tuple[str, str, str, str], ...] = (
    (
        "asr",
        "faster_whisper",
        "mirror bench asr --engine faster_whisper --save",
        "time to the final transcript, by model and length",
    ),
    (
        "llm",
        "gemini",
        "mirror bench llm --engine gemini --save",
        "Gemini from the venue's own network, in opening hours",
    ),
    (
        "llm",
        "openai_compatible",
        "mirror bench llm --engine openai_compatible --save",
        "a local model, the other half of the comparison",
    ),
    (
        "tts",
        "f5",
        "mirror bench tts --engine f5 --save",
        "time to first audio and real-time factor, by steps, length, eager and graphs",
    ),
    (
        "a2f_bridge",
        "audio2face",
        "mirror bench a2f_bridge --engine audio2face --save",
        "first frame and frames a second",
    ),
    (
        "faceswap",
        "inswapper",
        "mirror bench faceswap --engine inswapper --save",
        "milliseconds a stage, frames a second, beside a second load",
    ),
)
"""What should be taken on the rig: benchmark, engine, command, what it tells."""


def index(results: Sequence[Taken]) -> str:
    """The page's text."""
    rows = "".join(_row(taken) for taken in sorted(results, key=lambda taken: taken.stem))
    there = "| page | machine | date | figures |\n|---|---|---|---|\n" + rows if rows else "None yet.\n"
    return f"{_HEAD}\n## What there is\n\n{there}\n{_missing(results)}"


def _row(taken: Taken) -> str:
    machine = taken.machine.gpu or f"{taken.machine.cpu}, {taken.machine.cores} cores, no GPU"
    told = ", ".join(f"{name} {number(value)}" for name, value in _first_of_each(taken.benchmark.figures))
    quick = " (short run)" if taken.is_quick else ""
    return f"| [{taken.bench}: {taken.label}]({taken.stem}.md) | {machine} | {taken.date}{quick} | {told} |\n"


def _first_of_each(figures: Mapping[str, float]) -> list[tuple[str, float]]:
    """The first figure of each thing measured (`720p`, `1080p`), of the first few."""
    first: dict[str, tuple[str, float]] = {}
    for name, value in figures.items():
        first.setdefault(name.partition(".")[0], (name, value))
    return list(first.values())[:SHOWN]


def _missing(results: Sequence[Taken]) -> str:
    taken = {(one.bench, _engine(one)) for one in results if one.machine.gpu}
    rows = "".join(
        f"| `{command}` | {tells} |\n" for bench, engine, command, tells in READY if (bench, engine) not in taken
    )
    if not rows:
        return "## What is missing\n\nNothing: every engine of the rig has been measured on a card.\n"
    return (
        "## What is missing\n\n"
        "**No figure on a GPU has been taken of these: there was no card where this was written.** The commands stand ready on the\n"
        "rig; each saves its page here.\n\n"
        f"| command | tells |\n|---|---|\n{rows}"
    )


def _engine(taken: Taken) -> str:
    return taken.label.removesuffix(f"-{taken.machine.label}")


def read_results(folder: Path = FOLDER) -> list[Taken]:
    """Every result that was saved."""
    return [msgspec.json.decode(path.read_bytes(), type=Taken) for path in sorted(folder.glob("*.json"))]
