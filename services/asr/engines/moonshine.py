"""Moonshine tiny (English; its weights lie inside the wheel of moonshine-voice 0.0.73) on one thread of the CPU."""

import ctypes
import os
from collections.abc import Callable

import msgspec
import numpy as np

from services.asr.transcriber import Pcm, Transcriber, Transcription, require_language
from shared.audio import MICROPHONE_HZ
from shared.errors import EngineFailed, EngineUnavailable

# Read when its library loads: by default it starts a spinning thread for every core.
os.environ.setdefault("MOONSHINE_ORT_SINGLE_THREAD", "1")

from moonshine_voice import ModelArch, get_model_path
from moonshine_voice import Transcriber as MoonshineTranscriber
from moonshine_voice.errors import MoonshineError, check_error
from moonshine_voice.moonshine_api import TranscriptC


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    max_tokens_per_second: float = 6.5
    """Where decoding gives up: a fast speaker needs 5. Guards against loops."""


def open_engine(options: Options, others: Callable[[str], Transcriber]) -> Transcriber:
    """The engine, not yet warm."""
    del others
    return Moonshine(options)


class _Library(MoonshineTranscriber):  # type: ignore[misc]  # the package ships no types
    """The package's transcriber, fed with arrays: its own way through a Python list costs 2 ms and the GIL a second of sound."""

    def transcribe_array(self, pcm: Pcm) -> str:
        """Words in `pcm`, shape (n,), float32, contiguous, 16 kHz."""
        transcript = ctypes.POINTER(TranscriptC)()
        samples = pcm.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        check_error(
            self._lib.moonshine_transcribe_without_streaming(
                self._handle, samples, pcm.size, MICROPHONE_HZ, 0, ctypes.byref(transcript)
            )
        )
        return " ".join(line.text.strip() for line in self._parse_transcript(transcript).lines if line.text.strip())


class Moonshine:
    """See the module."""

    name = "moonshine"
    device = "cpu"
    version = "tiny-en 0.0.73"
    languages = ("en",)
    fallbacks = 0
    trouble = ""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._library: _Library | None = None

    def warm_up(self) -> None:
        """Load the weights and decode half a second of noise."""
        if self._library is not None:
            return
        settings = {
            # Its own VAD off: it splits phrases, which doubles the words wrong (7.2 % instead of 3.4 %).
            "vad_threshold": "0",
            "vad_max_segment_duration": "60",
            "return_audio_data": "false",
            "max_tokens_per_second": str(self._options.max_tokens_per_second),
        }
        try:
            self._library = _Library(get_model_path("tiny-en"), ModelArch.TINY, options=settings)
            self._library.transcribe_array(np.full(MICROPHONE_HZ // 2, 1e-3, np.float32))
        except (MoonshineError, OSError) as error:
            raise EngineUnavailable(
                f"asr: moonshine cannot be loaded ({error}); it needs moonshine-voice==0.0.73, which carries its weights"
            ) from error

    def transcribe(self, pcm: Pcm, language: str, utterance: int = 0) -> Transcription:
        """See the port. 30 ms of CPU a second of sound."""
        del utterance
        require_language(self.name, self.languages, language)
        if self._library is None:
            raise EngineUnavailable("asr: moonshine is not open; warm_up() comes first")
        if pcm.size == 0:
            return Transcription(text="", engine=self.name)
        try:
            text = self._library.transcribe_array(np.ascontiguousarray(pcm, np.float32))
        except MoonshineError as error:
            raise EngineFailed(f"asr: moonshine failed on {pcm.size} samples: {error}") from error
        return Transcription(text=text, engine=self.name)

    def close(self) -> None:
        """Let go of the weights."""
        if self._library is not None:
            self._library.close()
            self._library = None
