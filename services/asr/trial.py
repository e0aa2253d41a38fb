"""`mirror try asr speech.wav`: the configured engine, VAD and turn model on one file, faster than real time."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from services.asr import ear as ears
from services.asr import hearing
from services.asr.config import AsrConfig
from services.asr.engines import ENGINES
from services.asr.listener import Listener
from services.asr.senses import DETECTORS, TURN_JUDGES, TurnJudge
from services.asr.surroundings import Surroundings
from services.asr.transcriber import Pcm, Transcriber
from services.asr.utterance import as_float
from shared.audio import MICROPHONE_CHUNK, MICROPHONE_HZ, to_bytes
from shared.config import section
from shared.errors import BadInput
from shared.events import MicrophoneChunk

TAIL_S = 2.0
"""Silence put behind the file, so that its last turn ends."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance of the file, or what was taken for one."""

    starts_s: float
    ends_s: float
    text: str
    waited_s: float
    """Silence after it until it counted as over."""
    turn_p: float
    """What the turn model said last."""
    engine_s: float
    confidence: float = 0.0
    no_speech: float = 0.0
    dropped: str = ""
    """Why its words are not believed, or empty."""


def run_trial(
    settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> dict[str, object]:
    """Transcribe `inputs["input"]`, any sound file; `inputs["language"]` (en) and `inputs["expects"]` (open) may say more.

    Raises:
        BadInput: There is no such file, or no sound in it.
        EngineUnavailable: A package or a model file is missing, or the engine does not know the language.
    """
    config = section(settings, "asr", AsrConfig)
    config.check()
    sound = read_sound(inputs.get("input"))
    progress(0.0, "loading models")
    language = inputs.get("language") or "en"
    transcriber = ENGINES.open(config)
    transcriber.warm_up()
    surroundings = Surroundings(language, inputs.get("expects") or "open")
    listener = Listener(config.ear(), DETECTORS[config.detector]().open_stream(), surroundings)
    listening = _Listening(transcriber, TURN_JUDGES[config.turn_judge](), listener, language)
    began = time.perf_counter()
    try:
        segments = list(listening.segments(sound, progress))
    finally:
        transcriber.close()
    took_s = time.perf_counter() - began
    return _report(transcriber, sound, segments, took_s)


def _report(transcriber: Transcriber, sound: Pcm, segments: list[Segment], took_s: float) -> dict[str, object]:
    seconds = sound.size / MICROPHONE_HZ
    return {
        "text": " ".join(segment.text for segment in segments if not segment.dropped),
        "segments": [msgspec.to_builtins(segment) for segment in segments],
        "engine": transcriber.name,
        "version": transcriber.version,
        "device": transcriber.device,
        "seconds": round(seconds, 3),
        "took_s": round(took_s, 3),
        "rtf": round(took_s / seconds, 4),
    }


def read_sound(path: str | None) -> Pcm:
    """A sound file as mono 16 kHz, shape (n,), -1..1. Raises BadInput."""
    import soundfile
    import soxr

    if not path:
        raise BadInput("asr: no sound file given; mirror try asr FILE.wav")
    if not Path(path).is_file():
        raise BadInput(f"asr: there is no file {path}; give a sound file (wav, flac, ogg, mp3)")
    try:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise BadInput(f"asr: {path} is no sound file that can be read ({error}); convert it to wav") from error
    if sound.shape[0] == 0:
        raise BadInput(f"asr: {path} holds no sound")
    mono = np.nan_to_num(sound.mean(axis=1), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.asarray(soxr.resample(mono, rate, MICROPHONE_HZ), np.float32).clip(-1.0, 1.0)


class _Listening:
    def __init__(self, transcriber: Transcriber, judge: TurnJudge, listener: Listener, language: str) -> None:
        self._transcriber = transcriber
        self._judge = judge
        self._listener = listener
        self._language = language
        self._turn_p = 0.0

    def segments(self, sound: Pcm, progress: Callable[[float, str], None]) -> Iterator[Segment]:
        """The utterances of a sound, as they end."""
        chunks = _chunks(sound)
        for i, chunk in enumerate(chunks):
            yield from self._obey(self._listener.take(chunk, 0.0))
            if i % 50 == 0:
                progress(i / len(chunks), "listening")
        yield from self._obey(self._listener.finish_now())
        progress(1.0, "done")

    def _obey(self, orders: list[ears.Order]) -> Iterator[Segment]:
        for order in orders:
            if isinstance(order, ears.AskTurn):
                self._turn_p = self._judge.p_complete(as_float(self._listener.turn(order)))
                yield from self._obey(self._listener.opine(order, self._turn_p))
            elif isinstance(order, ears.Finish):
                yield self._segment(order)

    def _segment(self, order: ears.Finish) -> Segment:
        utterance = order.utterance
        began = time.perf_counter()
        sound = as_float(self._listener.speech(utterance, is_cut=order.is_cut))
        heard = self._transcriber.transcribe(sound, self._language, utterance.number)
        return Segment(
            starts_s=round(self._listener.started_at(utterance), 3),
            ends_s=round(self._listener.ended_at(utterance), 3),
            text=hearing.tidy(heard.text),
            waited_s=round(order.waited_s, 3),
            turn_p=round(self._turn_p, 4),
            engine_s=round(time.perf_counter() - began, 4),
            confidence=round(heard.confidence, 3),
            no_speech=round(heard.no_speech, 3),
            dropped=hearing.doubt(utterance, heard),
        )


def _chunks(sound: Pcm) -> list[MicrophoneChunk]:
    """With silence behind, cut to what the kiosk would have sent; time begins at 0."""
    padded = np.concatenate([sound, np.zeros(int(TAIL_S * MICROPHONE_HZ) - sound.size % MICROPHONE_CHUNK, np.float32)])
    size = 2 * MICROPHONE_CHUNK
    pcm = to_bytes(padded)
    return [
        MicrophoneChunk(seq=i + 1, pcm=pcm[i * size : (i + 1) * size], captured_at=(i + 1) * 0.02)
        for i in range(len(pcm) // size)
    ]
