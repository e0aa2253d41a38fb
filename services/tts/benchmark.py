"""`mirror bench tts`: how soon the voice is heard, how fast it goes on, and whether its words are still words."""

from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import soundfile

from services.tts.bench_tables import Rows, once_table, spoken_table, steps_table, words_wrong
from services.tts.clocked import Clocked, as_sample, clocked
from services.tts.config import TtsConfig
from services.tts.engines import ENGINES
from services.tts.engines.heard import open_hearing
from services.tts.members import open_member
from services.tts.steps import drained
from services.tts.synthesizer import Synthesizer, VoiceSample
from services.tts.trial import read_sample
from shared.benchmark import Benchmark, Cell
from shared.config import section
from shared.errors import BadInput, MirrorError

SENTENCES = (
    "Who are you?",
    "Hello again, I have been waiting for you.",
    "You spoke of the sea, and your voice became younger than you are.",
    "If I close my eyes now, will you still be here when I open them, or will there be only the glass and the dark?",
)
"""3, 8, 13 and 25 words."""

_SAMPLE_LINE = "The mirror keeps a quiet version of everything you say, and it will not hurry you."
STEPS = (7, 16, 32)

Progress = Callable[[float, str], None]


def run_benchmark(settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Progress) -> Benchmark:
    """Every engine that may speak, through its port; and F5 by steps, lengths and modes.

    Args:
        settings: All settings; section [tts] counts.
        inputs: `input`: a text file with one sentence a line, instead of ours. `voice`: a recording whose voice is made, its words
            taken from a recogniser. `out`: a folder for what was spoken, as WAV. `quick`: a short run.
        progress: Told how far it is, 0..1.

    Raises:
        BadInput: An input cannot be used.
    """
    config = section(settings, "tts", TtsConfig)
    bench = _Bench(config, inputs)
    names = ENGINES.members(config)
    for number, name in enumerate(names):
        progress(number / len(names), f"measuring {name}")
        try:
            if name == "f5":
                bench.f5(lambda share, what, number=number: progress((number + share) / len(names), what))  # type: ignore[misc]
            else:
                bench.port(name, config)
        except MirrorError as error:
            bench.notes.append(f"{name}: not measured: {error}")
    progress(1.0, "measured")
    return bench.result()


class _Bench:
    def __init__(self, config: TtsConfig, inputs: Mapping[str, str | None]) -> None:
        self._config = config
        self._is_quick = bool(inputs.get("quick"))
        self._sentences = _sentences(inputs.get("input"))
        self._hearing = open_hearing()
        self._sample = read_sample(inputs.get("voice"), "")
        self._out = _folder(inputs.get("out"))
        self._spoken: Rows = []
        self._steps: Rows = []
        self._once: Rows = []
        self._figures: dict[str, float] = {}
        self.notes = [] if self._hearing else ["words were not checked: moonshine-voice is not installed"]

    def result(self) -> Benchmark:
        tables = (spoken_table(self._spoken), steps_table(self._steps), once_table(self._once))
        return Benchmark(
            name="tts", tables=tuple(t for t in tables if t.rows), figures=self._figures, notes=tuple(self.notes)
        )

    def port(self, name: str, config: TtsConfig) -> None:
        """Any engine, as the stage would use it."""
        engine = open_member(config, name)
        try:
            engine.warm_up()
            sample = self._sample or as_sample(
                clocked(engine, _SAMPLE_LINE, engine.host, _language(engine)).sound, _SAMPLE_LINE
            )
            copy = drained(engine.make_voice(sample))
            for voice in (engine.host, copy):
                times = 1 if self._is_quick else 3
                said = [
                    [clocked(engine, text, voice, _language(engine)) for _ in range(times)] for text in self._sentences
                ]
                self._note_port(name, engine, voice.name, said)
            engine.forget(copy)
        finally:
            engine.close()

    def f5(self, progress: Progress) -> None:
        """By steps, lengths and modes; with weights that were given also through the port, with its words checked."""
        from services.tts.engines.f5 import measuring
        from services.tts.engines.f5.options import Options

        options = msgspec.convert(self._config.options.get("f5", {}), Options)
        with measuring.folder_for(options) as (ready, is_random):
            sample = self._sample or self._stock_sample()
            plan = self._plan(ready.device == "cpu" or not measuring.has_gpu())
            found = measuring.measure(ready, sample, plan, progress, is_random=is_random)
            self._note_f5(found)
            if not is_random:
                self.port("f5", self._config)
        if is_random:
            self.notes.append(
                "f5: no weights were given (--set model=FOLDER), so random ones of the published shapes were timed; what they say is "
                "noise: nothing here tells of sound, likeness or words"
            )

    def _plan(self, on_cpu: bool) -> list[tuple[int, str]]:  # noqa: FBT001  # one question, asked once
        if self._is_quick:
            return [(STEPS[0], SENTENCES[1])]
        if (
            on_cpu
        ):  # a step of the full size takes seconds: one length at each number of steps, one number at each length
            return [(STEPS[0], text) for text in self._sentences] + [(steps, SENTENCES[1]) for steps in STEPS[1:]]
        return [(steps, text) for steps in STEPS for text in self._sentences]

    def _stock_sample(self) -> VoiceSample:
        engine = open_member(self._config, "piper")
        try:
            engine.warm_up()
            return as_sample(clocked(engine, _SAMPLE_LINE, engine.host, "en").sound, _SAMPLE_LINE)
        finally:
            engine.close()

    def _note_port(self, name: str, engine: Synthesizer, voice: str, said: list[list[Clocked]]) -> None:
        device = engine.about().device
        for number, (text, times) in enumerate(zip(self._sentences, said, strict=True)):
            first = [one.first_sound_s * 1000 for one in times]
            factor = median(one.real_time_factor for one in times)
            wrong = self._wrong(text, times[0])
            self._spoken.append(
                (
                    name, device, voice, float(len(text.split())), _r(median(first)), _r(max(first)),
                    _r(median(one.whole_s for one in times) * 1000), _r(times[0].speech_s, 2), _r(factor, 3), wrong,
                )
            )  # fmt: skip
            words = len(text.split())
            self._figures[f"{name}.{voice}.{words}_words.first_sound_ms"] = _r(median(first))
            self._figures[f"{name}.{voice}.{words}_words.real_time_factor"] = _r(factor, 3)
            if self._out:
                soundfile.write(
                    self._out / f"{name}-{voice}-{number + 1}.wav", times[0].sound, 24_000, subtype="PCM_16"
                )

    def _wrong(self, text: str, said: Clocked) -> Cell:
        return None if self._hearing is None else float(words_wrong(text, self._hearing.words(said.sound)))

    def _note_f5(self, found: Any) -> None:
        for one in found.timings:
            took = sorted(one.took_s)
            worst = took[min(len(took) - 1, -(-95 * len(took) // 100) - 1)]
            factor = median(took) / one.speech_s
            self._steps.append(
                (
                    found.weights, found.device, one.mode, float(one.steps), float(len(one.text.split())), float(one.frames),
                    float(len(took)), _r(median(took) * 1000), _r(worst * 1000), _r(one.speech_s, 2), _r(factor, 3),
                )
            )  # fmt: skip
            place = f"f5.{one.mode}.{one.steps}_steps.{len(one.text.split())}_words"
            self._figures[f"{place}.first_sound_p50_ms"] = _r(median(took) * 1000)
            self._figures[f"{place}.real_time_factor"] = _r(factor, 3)
        parts = found.parts
        self._once.append(
            (found.device, _r(parts.load_s, 2), _r(parts.voice_s * 1000), _r(parts.record_s, 2), _r(parts.vocoder_s * 1000),
             _r(parts.peak_gb, 2))
        )  # fmt: skip
        for frames, why in found.refused.items():
            self.notes.append(f"f5: at {frames} frames the graph was refused: {why}")


def _sentences(path: str | None) -> tuple[str, ...]:
    if not path:
        return SENTENCES
    file = Path(path)
    if not file.is_file():
        raise BadInput(f"tts: no file {path}; give a text file with one sentence a line")
    lines = [line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    if not any(lines):
        raise BadInput(f"tts: {path} is empty; write one sentence a line")
    return tuple(filter(None, lines))


def _folder(path: str | None) -> Path | None:
    if not path:
        return None
    folder = Path(path)
    if not folder.is_dir():
        raise BadInput(f"tts: --out {path} is no folder; make it first")
    return folder


def _language(engine: Synthesizer) -> str:
    return engine.about().languages[0]


def _r(value: float, digits: int = 1) -> float:
    return round(value, digits)
