"""Can it speak tonight? Every engine that may speak is opened, given a voice, and timed on one clause."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from services.tts.clocked import as_sample, clocked
from services.tts.config import TtsConfig
from services.tts.engines import ENGINES
from services.tts.members import open_member
from services.tts.steps import drained
from services.tts.synthesizer import Synthesizer
from shared.checkup import Finding
from shared.config import section
from shared.errors import MirrorError

_LINE = "The mirror keeps a quiet version of everything you say, and it will not hurry you."
"""Long enough to make a voice of."""
_CLAUSE = "Hello again, I have been waiting for you."
_SLOW_S = 0.45
"""First sound beyond which the pause before an answer is felt: the budget has 0.12 s, 0.25 at the worst."""


def run_checkup(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    """Look at every engine that may speak. Raises ConfigError for wrong settings only."""
    config = section(settings, "tts", TtsConfig)
    names = ENGINES.members(config)
    for number, name in enumerate(names):
        progress(number / len(names), f"loading {name}")
        yield _look_at(name, config, is_needed=number == len(names) - 1)
    progress(1.0, "spoken")


def _look_at(name: str, config: TtsConfig, *, is_needed: bool) -> Finding:
    """One engine. Without the last of them the mirror has no voice; without the first it has another."""
    check = f"tts {name}"
    try:
        engine = open_member(config, name)
        try:
            return _spoken(check, engine)
        finally:
            engine.close()
    except MirrorError as error:
        what, _, cure = str(error).rpartition("; ")
        return Finding(
            check=check, state="wrong" if is_needed else "missing", found=what or str(error), cure=cure or str(error)
        )


def _spoken(check: str, engine: Synthesizer) -> Finding:
    began = time.perf_counter()
    engine.warm_up()
    load_s = time.perf_counter() - began
    language = engine.about().languages[0]
    read = clocked(engine, _LINE, engine.host, language)
    drained(engine.prepare())
    began = time.perf_counter()
    voice = drained(engine.make_voice(as_sample(read.sound, _LINE)))
    voice_s = time.perf_counter() - began
    said = clocked(engine, _CLAUSE, voice, language)
    engine.forget(voice)
    about = engine.about()
    figures = {
        "load_s": round(load_s, 2), "voice_s": round(voice_s, 2), "first_sound_ms": round(said.first_sound_s * 1000, 1),
        "real_time_factor": round(said.real_time_factor, 3),
    }  # fmt: skip
    found = (
        f"{about.device}, {about.version}, speaks {', '.join(about.languages)}; first sound {said.first_sound_s * 1000:.0f} ms, "
        f"{said.real_time_factor:.2f} s of work a second of speech, a voice in {voice_s:.1f} s"
    )
    cure = about.last_error if about.is_degraded else ""
    if not cure and said.first_sound_s > _SLOW_S:
        cure = "slower than a conversation: a faster GPU, fewer steps, or another engine first"
    return Finding(check=check, state="missing" if cure else "right", found=found, cure=cure, figures=figures)
