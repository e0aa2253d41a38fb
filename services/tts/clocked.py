"""One clause through an engine, with the times that a visitor would feel."""

import time

import msgspec
import numpy as np
import soxr

from services.tts.loudness import Edges, Samples, limited
from services.tts.synthesizer import Synthesizer, Voice, VoiceSample
from shared.audio import MICROPHONE_HZ, VOICE_HZ


class Clocked(msgspec.Struct, frozen=True):
    """What it took."""

    first_sound_s: float
    whole_s: float
    sound: Samples
    """As it would leave the stage, 24 kHz."""

    @property
    def speech_s(self) -> float:
        """Length of the sound."""
        return len(self.sound) / VOICE_HZ

    @property
    def real_time_factor(self) -> float:
        """Work for a second of speech; below 1 it is live."""
        return self.whole_s / self.speech_s if self.speech_s else float("inf")


def clocked(engine: Synthesizer, text: str, voice: Voice, language: str) -> Clocked:
    """Speak `text`. Raises EngineFailed."""
    began = time.perf_counter()
    first_s = 0.0
    edges, sound = Edges(), [np.zeros(0, dtype=np.float32)]
    for block in engine.synthesize(text, voice, language):
        if len(block) and not first_s:
            first_s = time.perf_counter() - began
        sound.append(edges.push(limited(block)))
    sound.append(edges.finish())
    return Clocked(first_s, time.perf_counter() - began, np.concatenate(sound))


def as_sample(sound: Samples, text: str) -> VoiceSample:
    """Speech of an engine, 24 kHz, as if a visitor had said it."""
    samples = np.asarray(soxr.resample(sound, VOICE_HZ, MICROPHONE_HZ), dtype=np.float32)
    return VoiceSample(samples=samples, text=text)
