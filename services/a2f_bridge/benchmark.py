"""`mirror bench a2f_bridge`: what a second of speech costs, and how long until the first pose."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.engines import ENGINES
from services.a2f_bridge.face_animator import FaceAnimator, Speech
from services.a2f_bridge.measure import Timing, animate, syllables
from services.a2f_bridge.sound_file import read_speech
from shared.audio import VOICE_HZ
from shared.benchmark import Benchmark, Cell, Plot, Table
from shared.config import section
from shared.errors import MirrorError

LENGTHS_S = (1.0, 3.0, 10.0)
"""A first clause, a sentence, a long turn."""
REPEATS = 10
QUICK_REPEATS = 2
Progress = Callable[[float, str], None]
Row = tuple[Cell, ...]
COLUMNS = (
    "engine", "device", "speech s", "first pose p50 ms", "first pose worst ms", "ms a second of speech p50",
    "ms a second of speech worst", "longest wait for 100 ms of speech, ms", "look-ahead ms",
)  # fmt: skip
NOTE = (
    "Clauses given 100 ms at a time, as fast as the engine takes them, as a tts does that is faster than speech. First pose: "
    "from the first sample given. Look-ahead: speech a pose must wait for, however fast the machine."
)


def run_benchmark(settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Progress) -> Benchmark:
    """Our own lip-sync, and whatever else is configured, as far as it can be reached.

    Args:
        settings: All settings; [a2f_bridge] chooses the engines.
        inputs: `input`: a WAV file instead of made syllables; `quick`: a short run.
        progress: Told the share done, 0..1, and what is being done.

    Raises:
        BadInput: The file cannot be used.
    """
    config = section(settings, "a2f_bridge", BridgeConfig)
    speeches = _speeches(inputs.get("input"), is_quick=bool(inputs.get("quick")))
    repeats = QUICK_REPEATS if inputs.get("quick") else REPEATS
    names = tuple(dict.fromkeys((*ENGINES.members(config), "embedded")))
    rows: list[Row] = []
    notes: list[str] = []
    for number, name in enumerate(names):
        progress(number / len(names), f"animating with {name}")
        try:
            rows += asyncio.run(_measure(name, config, speeches, repeats))
        except MirrorError as error:
            notes.append(f"{name} was not measured: {error}")
    if "omniverse" in names:
        notes.append("omniverse gives no poses back: its row is our own lip-sync; it plays at the pace of speech")
    progress(1.0, "measured")
    plot = Plot(x="engine", y=("first pose p50 ms", "ms a second of speech p50"), unit="ms")
    what = "speech from a file" if inputs.get("input") else "made syllables"
    table = Table(
        title="A second of speech, and the first pose", columns=COLUMNS, rows=tuple(rows),
        note=f"{NOTE} {what.capitalize()}, {repeats} clauses a row.", plot=plot if rows else None,
    )  # fmt: skip
    return Benchmark(name="a2f_bridge", tables=(table,), figures=_figures(rows), notes=tuple(notes))


def _speeches(source: str | None, *, is_quick: bool) -> list[Speech]:
    if source:
        return [read_speech(Path(source))]
    return [syllables(seconds) for seconds in (LENGTHS_S[:2] if is_quick else LENGTHS_S)]


async def _measure(name: str, config: BridgeConfig, speeches: list[Speech], repeats: int) -> list[Row]:
    animator = ENGINES.open(msgspec.structs.replace(config, engine=name))
    try:
        health = await animator.warm_up()
        await animate(animator, speeches[0])  # the first is slower than all others
        return [
            _row(animator, health.device, speech, [await animate(animator, speech) for _ in range(repeats)])
            for speech in speeches
        ]
    finally:
        await animator.close()


def _row(animator: FaceAnimator, device: str, speech: Speech, timings: list[Timing]) -> Row:
    seconds = len(speech) / VOICE_HZ
    firsts = [timing.first_pose_ms for timing in timings]
    costs = [timing.whole_ms / seconds for timing in timings]
    return (
        animator.name, device, round(seconds, 2), round(median(firsts), 2), round(max(firsts), 2),
        round(median(costs), 2), round(max(costs), 2), round(max(timing.worst_push_ms for timing in timings), 2),
        round(animator.lookahead_s * 1000, 1),
    )  # fmt: skip


def _figures(rows: list[Row]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for engine, _, seconds, first_ms, _, cost_ms, *_ in rows:
        figures[f"{engine}.{seconds:g}s.first_pose_p50_ms"] = float(first_ms or 0.0)
        figures[f"{engine}.{seconds:g}s.ms_a_second_of_speech_p50"] = float(cost_ms or 0.0)
    return figures
