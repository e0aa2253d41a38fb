"""`mirror try tts "words" --voice ref.wav --out o.wav`: the configured engine alone, on words."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from services.tts.config import TtsConfig
from services.tts.engines import ENGINES
from services.tts.engines.heard import open_hearing
from services.tts.loudness import Edges, Samples, limited, silence, speech_dbfs
from services.tts.speakable import clauses, ends_sentence
from services.tts.steps import drained
from services.tts.synthesizer import Synthesizer, Voice, VoiceSample
from shared.audio import MICROPHONE_HZ, VOICE_HZ
from shared.config import section
from shared.errors import BadInput

_LONGEST_SAMPLE_S = 9.0
"""As long as an enrolment may be: what is beyond it is left out."""


def run_trial(
    settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> dict[str, object]:
    """Speak `inputs["input"]` into the WAV file `inputs["out"]`.

    `inputs["voice"]` (any sound file of a person speaking) makes it speak in a voice shaped on that; `inputs["voice_text"]`
    are the words said there (listened for unless given); `inputs["language"]` is en unless given.

    Raises:
        BadInput: There are no words, no sound in the voice file, or no place to write to; says which.
        EngineUnavailable: A package or a model file is missing.
        EngineFailed: The engine cannot speak this language, or make this voice.
    """
    config = section(settings, "tts", TtsConfig)
    parts = clauses(inputs.get("input") or "")
    if not parts:
        raise BadInput('tts: there is nothing to say; give words: mirror try tts "Who are you?" --out o.wav')
    out = _out_path(inputs.get("out"))
    sample = read_sample(inputs.get("voice"), inputs.get("voice_text") or "")
    progress(0.0, "loading the voice")
    engine = ENGINES.open(config)
    engine.warm_up()
    try:
        voice, voice_s = _voice(engine, sample, progress)
        sound, times = _spoken(engine, config, voice, (parts, inputs.get("language") or "en"), progress)
    finally:
        engine.close()
    soundfile.write(out, sound, VOICE_HZ, subtype="PCM_16")
    return _report(engine, voice, sound, {"voice_s": round(voice_s, 3), "out": str(out), **times})


def _report(engine: Synthesizer, voice: Voice, sound: Samples, measured: dict[str, object]) -> dict[str, object]:
    about = engine.about()
    return {
        "engine": about.name,
        "version": about.version,
        "device": about.device,
        "is_degraded": about.is_degraded,
        "fallbacks": about.fallbacks,
        "last_error": about.last_error,
        "voice": voice.name,
        "seconds": round(len(sound) / VOICE_HZ, 3),
        "loudness_dbfs": round(speech_dbfs(sound), 2),
        **measured,
    }


def _spoken(
    engine: Synthesizer,
    config: TtsConfig,
    voice: Voice,
    words: tuple[tuple[str, ...], str],
    progress: Callable[[float, str], None],
) -> tuple[Samples, dict[str, object]]:
    parts, language = words
    began, first_s = time.perf_counter(), 0.0
    sound: list[Samples] = []
    for index, text in enumerate(parts):
        progress(index / len(parts), "speaking")
        if index:
            pause_ms = config.sentence_pause_ms if ends_sentence(parts[index - 1]) else config.clause_pause_ms
            sound.append(silence(pause_ms))
        edges = Edges()
        for block in engine.synthesize(text, voice, language):
            if len(block):
                first_s = first_s or time.perf_counter() - began
            sound.append(edges.push(limited(block)))
        sound.append(edges.finish())
    progress(1.0, "done")
    times: dict[str, object] = {
        "first_sound_s": round(first_s, 3),
        "engine_s": round(time.perf_counter() - began, 3),
        "clauses": len(parts),
    }
    return np.concatenate(sound), times


def _voice(
    engine: Synthesizer, sample: VoiceSample | None, progress: Callable[[float, str], None]
) -> tuple[Voice, float]:
    if sample is None:
        return engine.host, 0.0
    progress(0.0, "making the voice")
    drained(engine.prepare())
    began = time.perf_counter()
    return drained(engine.make_voice(sample)), time.perf_counter() - began


def read_sample(path: str | None, text: str) -> VoiceSample | None:
    """A sound file of a person speaking as the port takes it; None without a path.

    Without `text` a small recogniser listens, where it is installed: some voices need the words.

    Raises:
        BadInput: It cannot be read, or nothing sounds in it.
    """
    if not path:
        return None
    try:
        sound, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise BadInput(
            f"tts: --voice {path} cannot be read; give a WAV, FLAC or OGG file of a person speaking"
        ) from error
    mono = np.asarray(soxr.resample(np.nan_to_num(sound.mean(axis=1)), rate_hz, MICROPHONE_HZ), dtype=np.float32)
    if not mono.size or float(np.abs(mono).max()) < 1e-3:
        raise BadInput(f"tts: --voice {path} holds no sound; give 5 to 9 s of one person speaking")
    mono = mono[: int(_LONGEST_SAMPLE_S * MICROPHONE_HZ)]
    hearing = None if text else open_hearing()
    return VoiceSample(samples=mono, text=text or (hearing.words_16(mono) if hearing else ""))


def _out_path(path: str | None) -> Path:
    out = Path(path or "spoken.wav")
    if out.suffix.lower() != ".wav":
        raise BadInput(f"tts: --out {out} is no WAV file; name it something.wav")
    if not out.parent.is_dir():
        raise BadInput(f"tts: --out {out}: there is no folder {out.parent}; make it first")
    return out
