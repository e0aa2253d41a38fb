"""Whom the host sounds like: a recording that the artist gives, or the stock voice of another engine reading a line."""

from collections.abc import Callable

import numpy as np
import soundfile
import soxr

from services.tts.engines.f5.options import Options
from services.tts.synthesizer import Synthesizer, VoiceSample
from shared.audio import MICROPHONE_HZ, VOICE_HZ
from shared.errors import EngineFailed, EngineUnavailable

_LINE = "The mirror keeps a quiet version of everything you say, and it will not hurry you."
"""5 s: long enough to take on a voice, short enough to be quick."""


def host_sample(options: Options, others: Callable[[str], Synthesizer]) -> VoiceSample:
    """What the host's voice is made of. Raises EngineUnavailable."""
    return _recorded(options) if options.host_reference else _read_by(options.host_from, others)


def _recorded(options: Options) -> VoiceSample:
    try:
        sound, rate_hz = soundfile.read(options.host_reference, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise EngineUnavailable(
            f"f5: host_reference {options.host_reference} cannot be read; give a WAV or FLAC file of 4 to 6 s"
        ) from error
    mono = np.asarray(soxr.resample(sound.mean(axis=1), rate_hz, MICROPHONE_HZ), dtype=np.float32)
    return VoiceSample(samples=mono, text=options.host_text)


def _read_by(name: str, others: Callable[[str], Synthesizer]) -> VoiceSample:
    try:
        engine = others(name)
        engine.warm_up()
        try:
            sound = np.concatenate(list(engine.synthesize(_LINE, engine.host, "en")))
        finally:
            engine.close()
    except (EngineUnavailable, EngineFailed) as error:
        raise EngineUnavailable(
            f"f5: the host has no voice, {name} does not speak ({error}); give a recording: host_reference, host_text"
        ) from error
    return VoiceSample(samples=np.asarray(soxr.resample(sound, VOICE_HZ, MICROPHONE_HZ), dtype=np.float32), text=_LINE)
