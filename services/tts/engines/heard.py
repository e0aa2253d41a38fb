"""What a small recogniser hears in speech: whether words are still words, and what a recording says. Never in a visit."""

import os
from typing import Any

import numpy as np
import soxr

from services.tts.loudness import Samples
from shared.audio import MICROPHONE_HZ, VOICE_HZ


def open_hearing() -> "Hearing | None":
    """The recogniser; None where its package is not installed."""
    try:
        return Hearing()
    except ImportError:
        return None


class Hearing:
    """Moonshine tiny, English; its weights lie in its package."""

    def __init__(self) -> None:
        """Raises ImportError where the package is not installed."""
        # Read when its library loads: by default it starts a spinning thread for every core, and others are being timed.
        os.environ.setdefault("MOONSHINE_ORT_SINGLE_THREAD", "1")
        from moonshine_voice import ModelArch, Transcriber, get_model_path

        settings = {"vad_threshold": "0", "return_audio_data": "false"}
        self._model: Any = Transcriber(get_model_path("tiny-en"), ModelArch.TINY, options=settings)

    def words(self, sound: Samples) -> str:
        """What is heard in `sound`, 24 kHz."""
        return self.words_16(np.asarray(soxr.resample(sound, VOICE_HZ, MICROPHONE_HZ), dtype=np.float32))

    def words_16(self, samples: Samples) -> str:
        """The same at 16 kHz."""
        lines = self._model.transcribe_without_streaming(samples.tolist(), MICROPHONE_HZ).lines
        return " ".join(line.text.strip() for line in lines)
