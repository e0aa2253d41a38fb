"""`mirror bench asr`: milliseconds for utterances of 2, 5 and 10 seconds, by the engine alone and through the whole stage."""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np

from services.asr.config import AsrConfig
from services.asr.engines import ENGINES
from services.asr.inference import open_inference
from services.asr.members import members
from services.asr.time_to_final import Timed, time_to_final
from services.asr.transcriber import Pcm
from services.asr.trial import read_sound
from shared.audio import MICROPHONE_HZ
from shared.benchmark import Benchmark, Cell, Plot, Table
from shared.config import section
from shared.errors import BadInput, EngineUnavailable, MirrorError

LENGTHS_S = (2.0, 5.0, 10.0)
REPEATS, QUICK_REPEATS = 7, 2
DEFAULT_SPEECH = "tests/visitors/*/*.flac"
"""In a checkout: human voices out of packages. Elsewhere a file must be given."""

Progress = Callable[[float, str], None]
Row = tuple[Cell, ...]


def run_benchmark(settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Progress) -> Benchmark:
    """Every engine that may hear a visitor, and then the stage as it is configured.

    Args:
        settings: All settings; [asr] chooses the engines.
        inputs: `input`: a sound file with at least 10 s of speech; `quick`: a short run.
        progress: Told the share done, 0..1, and what is being done.

    Raises:
        BadInput: There is no speech to measure with.
        ConfigError: A setting is wrong.
    """
    config = section(settings, "asr", AsrConfig)
    config.check()
    speech = _speech(inputs.get("input"))
    repeats = QUICK_REPEATS if inputs.get("quick") else REPEATS
    names = members(config)
    rows: list[Row] = []
    notes: list[str] = []
    for number, name in enumerate(names):
        progress(0.5 * number / len(names), f"listening with {name}")
        try:
            rows += _alone(msgspec.structs.replace(config, engine=name), speech, repeats)
        except MirrorError as error:
            notes.append(f"{name} was not measured: {error}")
    tables = [_decode_table(rows, repeats)] if rows else []
    progress(0.5, "through the stage")
    figures: dict[str, float] = {}
    try:
        finals, figures = asyncio.run(_through_the_stage(config, speech, repeats, progress))
        tables.append(_final_table(finals, repeats))
    except EngineUnavailable as error:
        notes.append(f"the stage was not measured: {error}")
    tables += _without_weights(config, names, repeats, notes)
    return Benchmark(
        name="asr",
        tables=tuple(tables),
        figures={**_decode_figures(rows), **figures},
        notes=(
            *notes,
            f"engine: {config.engine}; partials: {config.partial_engine or 'the engine, in its spare time'}",
        ),
    )


def _speech(path: str | None) -> list[Pcm]:
    """Recordings, shape (n,) each, 16 kHz, each to the end of a sentence; at least as much as the longest utterance."""
    paths = [path] if path else sorted(map(str, Path(__file__).parents[2].glob(DEFAULT_SPEECH)))
    if not paths:
        raise BadInput(
            "bench asr: no recorded visitors here; give a sound file with ten seconds of speech: --input FILE"
        )
    recordings = [read_sound(one) for one in paths]
    if sum(one.size for one in recordings) < LENGTHS_S[-1] * MICROPHONE_HZ:
        raise BadInput(f"bench asr: {path} holds less than {LENGTHS_S[-1]:.0f} s; give a longer one")
    return recordings


def _parts(recordings: list[Pcm], seconds: float, repeats: int) -> list[Pcm]:
    """`repeats` stretches that end where a recording ends, different as far as there are so many; of one recording, any."""
    size = int(seconds * MICROPHONE_HZ)
    whole = np.concatenate(recordings)
    ends: list[int] = np.cumsum([one.size for one in recordings]).tolist()
    if len(ends) == 1:
        ends = list(range(size, whole.size + 1, size))
    stretches = [whole[end - size : end] for end in ends if end >= size]
    return list(itertools.islice(itertools.cycle(stretches), repeats))


def _alone(config: AsrConfig, speech: list[Pcm], repeats: int) -> list[Row]:
    engine = ENGINES.open(config)
    engine.warm_up()
    rows: list[Row] = []
    try:
        for seconds in LENGTHS_S:
            took = []
            for part in _parts(speech, seconds, repeats):
                began = time.perf_counter()
                engine.transcribe(part, "en")
                took.append(1000.0 * (time.perf_counter() - began))
            rtf = median(took) / (1000.0 * seconds)
            rows.append(
                (config.engine, engine.device, engine.version, seconds, round(median(took), 1), round(max(took), 1),
                 round(rtf, 4))
            )  # fmt: skip
    finally:
        engine.close()
    return rows


async def _through_the_stage(
    config: AsrConfig, speech: list[Pcm], repeats: int, progress: Progress
) -> tuple[list[Row], dict[str, float]]:
    inference = open_inference(config)
    rows: list[Row] = []
    figures: dict[str, float] = {}
    try:
        await inference.warm_up()
        for number, seconds in enumerate(LENGTHS_S):
            progress(0.5 + 0.5 * number / len(LENGTHS_S), f"{seconds:.0f} s through the stage")
            timed = [
                await time_to_final(inference, config.ear(), part, "en") for part in _parts(speech, seconds, repeats)
            ]
            rows.append(_final_row(config, seconds, [one for one in timed if one]))
            if isinstance(rows[-1][2], float):
                figures[f"{seconds:.0f}s.final_ms"] = rows[-1][2]
        health = inference.health()
        figures["fallbacks"] = float(health.fallbacks)
    finally:
        inference.close()
    return rows, figures


def _final_row(config: AsrConfig, seconds: float, timed: list[Timed]) -> Row:
    if not timed:
        return (config.engine, seconds, None, None, None, None, 0)
    finals = [1000.0 * one.final_s for one in timed]
    waited = median(1000.0 * one.waited_s for one in timed)
    beyond = median(1000.0 * (one.final_s - one.waited_s) for one in timed)
    figures = (median(finals), max(finals), waited, beyond)
    return (config.engine, seconds, *(round(figure, 1) for figure in figures), len(timed))


def _without_weights(config: AsrConfig, names: tuple[str, ...], repeats: int, notes: list[str]) -> list[Table]:
    """Whisper at its full size with random weights, where its own are missing."""
    if "faster_whisper" not in names or not any(note.startswith("faster_whisper was not measured") for note in notes):
        return []
    from services.asr.engines.faster_whisper import Options
    from services.asr.engines.random_whisper import time_random

    options = msgspec.convert(config.options.get("faster_whisper", {}), Options)
    try:
        device, arithmetic, timings = time_random(options, LENGTHS_S, repeats)
    except EngineUnavailable as error:
        notes.append(f"nor could random weights of its size be: {error}")
        return []
    rows = []
    for seconds in LENGTHS_S:
        both = [(one.encode_ms, one.search_ms) for one in timings if one.speech_s == seconds]
        whole = [sum(pair) for pair in both]
        encode, search = (round(median(column), 1) for column in zip(*both, strict=True))
        rows.append((options.model, device, arithmetic, options.beam, seconds, encode, search,
                     round(median(whole), 1), round(max(whole), 1)))  # fmt: skip
    return [_random_table(tuple(rows), repeats)]


def _random_table(rows: tuple[Row, ...], repeats: int) -> Table:
    return Table(
        title="Random weights of the full size",
        columns=(
            "model",
            "device",
            "arithmetic",
            "beam",
            "speech s",
            "encode p50 ms",
            "search p50 ms",
            "p50 ms",
            "worst ms",
        ),
        rows=rows,
        note=f"The model's own weights are not here: the same tensors, filled with noise; {repeats} runs after one to warm up. "
        "As many tokens as a calm speaker says, 4 a second. The encoding is brought to the processor's memory between the two.",
        plot=Plot(x="speech s", y=("encode p50 ms", "search p50 ms", "p50 ms"), unit="ms"),
    )


def _decode_table(rows: list[Row], repeats: int) -> Table:
    return Table(
        title="One utterance decoded, the engine alone",
        columns=("engine", "device", "version", "speech s", "p50 ms", "worst ms", "real-time factor"),
        rows=tuple(rows),
        note=f"Human speech, {repeats} different stretches a length, the weights as the version says.",
        plot=Plot(x="speech s", y=("p50 ms", "worst ms"), unit="ms") if len({row[0] for row in rows}) == 1 else None,
    )


def _final_table(rows: list[Row], repeats: int) -> Table:
    return Table(
        title="From the last sample of speech to the final transcript, through the stage",
        columns=(
            "engine",
            "speech s",
            "p50 ms",
            "worst ms",
            "waited for more p50 ms",
            "beyond the waiting p50 ms",
            "finals",
        ),
        rows=tuple(rows),
        note=f"Of {repeats} a length: microphone chunks at their own pace, VAD, decode begun at the pause, turn model.",
        plot=Plot(x="speech s", y=("p50 ms", "waited for more p50 ms"), unit="ms"),
    )


def _decode_figures(rows: list[Row]) -> dict[str, float]:
    return {f"{row[0]}.{row[3]:.0f}s.decode_ms": row[4] for row in rows if isinstance(row[4], float)}
