"""Can the mirror hear tonight? Every engine that may hear a visitor is opened, warmed and timed; so are VAD and turn model."""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import msgspec
import numpy as np

from services.asr.config import AsrConfig
from services.asr.engines import ENGINES
from services.asr.members import members, needed
from services.asr.senses import DETECTORS, TURN_JUDGES, WARM_UP
from services.asr.transcriber import Pcm, Transcriber
from shared.audio import MICROPHONE_HZ
from shared.checkup import Finding
from shared.config import section
from shared.errors import EngineFailed, EngineUnavailable, MirrorError

SOUND_S = 5.0
REPEATS = 3
SLOW_MS = 1000.0
"""For an utterance: beyond it the reply begins later than the visitor will wait."""


def run_checkup(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    """Look at every engine of the ears. Raises ConfigError for wrong settings only."""
    config = section(settings, "asr", AsrConfig)
    config.check()
    names = members(config)
    for number, name in enumerate(names):
        progress(number / (len(names) + 1), f"listening with {name}")
        yield _engine(name, config, is_needed=name == needed(config))
    progress(len(names) / (len(names) + 1), "voice activity and end of turn")
    yield _senses(config)
    progress(1.0, "heard")


def _engine(name: str, config: AsrConfig, *, is_needed: bool) -> Finding:
    """One engine. Without the needed one the mirror is deaf; without any other it hears less well."""
    check = f"asr {name}"
    try:
        transcriber = ENGINES.open(msgspec.structs.replace(config, engine=name))
    except (EngineUnavailable, EngineFailed) as error:
        return _away(check, error, is_needed=is_needed)
    try:
        began = time.perf_counter()
        transcriber.warm_up()
        warm_s = time.perf_counter() - began
        took_ms = median(_timed(transcriber) for _ in range(REPEATS))
    except (EngineUnavailable, EngineFailed) as error:
        return _away(check, error, is_needed=is_needed)
    finally:
        transcriber.close()
    return _found(check, transcriber, warm_s, took_ms)


def _timed(transcriber: Transcriber) -> float:
    """Milliseconds for five seconds of a voice without words."""
    began = time.perf_counter()
    transcriber.transcribe(_hum(), (transcriber.languages or ("en",))[0])
    return 1000.0 * (time.perf_counter() - began)


def _hum() -> Pcm:
    """A voiced sound that rises and falls four times a second, shape (80000,), 16 kHz."""
    t = np.arange(int(SOUND_S * MICROPHONE_HZ)) / MICROPHONE_HZ
    voice = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    return np.asarray(0.05 * voice * (1 - np.cos(2 * np.pi * 4 * t)), np.float32)


def _found(check: str, transcriber: Transcriber, warm_s: float, took_ms: float) -> Finding:
    is_slow = took_ms > SLOW_MS
    languages = transcriber.languages
    knows = ", ".join(languages[:4]) + (f" and {len(languages) - 4} more" if len(languages) > 4 else "")
    return Finding(
        check=check,
        state="missing" if is_slow else "right",
        found=f"{transcriber.version} on {transcriber.device}, understands {knows or 'any language'}; "
        f"{took_ms:.0f} ms for {SOUND_S:.0f} s of sound, warm in {warm_s:.1f} s",
        cure=_faster(transcriber) if is_slow else "",
        figures={"inference_ms": round(took_ms, 1), "warm_s": round(warm_s, 3)},
    )


def _faster(transcriber: Transcriber) -> str:
    if transcriber.device == "cuda":
        return "the GPU is busy or small: a smaller model, or compute_type = \"int8_float16\""  # fmt: skip
    return "too slow for a visitor on this CPU: a GPU (services/asr/requirements-gpu.txt), small.en, or moonshine"


def _senses(config: AsrConfig) -> Finding:
    check = "asr voice activity and end of turn"
    try:
        began = time.perf_counter()
        DETECTORS[config.detector]().open_stream().probability(WARM_UP)
        judge = TURN_JUDGES[config.turn_judge]()
        judge.p_complete(_hum())
        warm_s, began = time.perf_counter() - began, time.perf_counter()
        judge.p_complete(_hum())
    except MirrorError as error:
        return _away(check, error, is_needed=True)
    took_ms = 1000.0 * (time.perf_counter() - began)
    return Finding(
        check=check,
        state="right",
        found=f"{config.detector} and {config.turn_judge} on cpu; {took_ms:.0f} ms a question",
        figures={"turn_ms": round(took_ms, 1), "warm_s": round(warm_s, 3)},
    )


def _away(check: str, error: MirrorError, *, is_needed: bool) -> Finding:
    """What went wrong, and after a semicolon what to do."""
    what, _, cure = str(error).rpartition("; ")
    return Finding(
        check=check,
        state="wrong" if is_needed else "missing",
        found=what or str(error),
        cure=cure if what else "see services/asr/README.md",
    )
