"""A benchmark of a stage that costs nothing."""

from collections.abc import Callable, Mapping
from typing import Any

from shared.benchmark import Benchmark, Plot, Table

ROWS = ((2.0, 40.1, "noise"), (5.0, 61.4, "noise"), (10.0, None, "noise"))


def run_benchmark(
    settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> Benchmark:
    progress(1.0, "done")
    note = f"engine {settings['asr']['engine']}, quick {inputs['quick']}, input {inputs['input']}"
    table = Table(
        title="Time to the final transcript",
        columns=("speech s", "p50 ms", "input"),
        rows=ROWS[:1] if inputs["quick"] else ROWS,
        note=note,
        plot=Plot(x="speech s", y=("p50 ms",), unit="ms"),
    )
    return Benchmark(
        name="asr", tables=(table,), figures={"720p.ratio": 9.1, "p50_ms": 61.4}, notes=("from /home/somebody/x.wav",)
    )
