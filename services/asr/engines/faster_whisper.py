"""Whisper on CTranslate2 (faster-whisper): the rig's ears. On the GPU, or on the CPU with the small models."""

import logging
import math
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Literal

import ctranslate2
import msgspec
import numpy as np
from faster_whisper import WhisperModel

from services.asr.engines.cuda_libraries import preload
from services.asr.engines.whisper_decoder import Decoder, Settings
from services.asr.transcriber import Pcm, Transcriber, Transcription, require_language
from services.asr.whisper_models import english_only, find_folder
from shared.audio import MICROPHONE_HZ
from shared.errors import EngineUnavailable
from shared.lost_context import engine_failed

LOG = logging.getLogger(__name__)

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    model: str = "distil-large-v3.5"
    """A name (its folder is then `whisper/<name>` in the models folder) or a folder."""
    languages: tuple[str, ...] = ()
    """What it may claim to understand; empty: what its weights and its name say."""
    device: Literal["auto", "cuda", "cpu"] = "auto"
    """auto: the GPU if there is one. With cuda a GPU that is missing is an error, and so visible."""
    device_index: int = 0
    compute_type: str = "auto"
    """auto: float16 on the GPU, int8 on the CPU."""
    cpu_threads: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2
    beam: Annotated[int, msgspec.Meta(ge=1, le=10)] = 5
    silence_s: Annotated[float, msgspec.Meta(ge=0.0, le=30.0)] | None = None
    """Silence that is decoded behind the sound. Empty: up to 30 s on the GPU, as trained; 10 s on the CPU, where it counts."""
    tokens_per_second: Annotated[float, msgspec.Meta(ge=2.0, le=20.0)] = 9.0
    spare_tokens: Annotated[int, msgspec.Meta(ge=1, le=200)] = 16
    """With `tokens_per_second`, where decoding gives up. A fast speaker needs 6 in English and 8 in Dutch, whose words are longer."""
    no_speech_above: Share = 0.6
    least_log_p: float = -1.0
    """Above the one and below the other, both at once, nobody spoke."""
    most_compression: float = 2.4
    """A text that zlib shrinks more than this repeats itself."""


def open_engine(options: Options, others: Callable[[str], Transcriber]) -> Transcriber:
    """The engine, not yet warm."""
    del others
    return FasterWhisper(options)


def load_model(options: Options, folder: str, device: str) -> WhisperModel:
    """The weights of a complete folder on a device. Raises what CTranslate2 and the tokenizers raise."""
    return WhisperModel(
        folder,
        device=device,
        device_index=options.device_index,
        compute_type=chosen_compute_type(options, device),
        cpu_threads=options.cpu_threads,
        local_files_only=True,
    )


class FasterWhisper:
    """See the module. `load` is a seam for faults: what brings the weights in."""

    name = "faster_whisper"
    fallbacks = 0
    trouble = ""

    def __init__(self, options: Options, load: Callable[[Options, str, str], WhisperModel] = load_model) -> None:
        self._options = options
        self._load = load
        self._decoder: Decoder | None = None
        self._compute_type = ""
        self.device = _device(options)
        self.languages: tuple[str, ...] = options.languages or (("en",) if english_only(options.model) else ())

    @property
    def version(self) -> str:
        """Package, model and the arithmetic that is really used."""
        model = self._options.model.rstrip("/").rpartition("/")[2]
        return f"{version('faster-whisper')} {model} {self._compute_type}".rstrip()

    @property
    def silence_s(self) -> float:
        """Silence that is decoded behind the sound, up to a window."""
        if self._options.silence_s is not None:
            return self._options.silence_s
        return 30.0 if self.device == "cuda" else 10.0

    def warm_up(self) -> None:
        """Load the weights if they are not there, and decode a second of noise: a missing cuBLAS shows only then."""
        try:
            if self._decoder is None:
                self._decoder = self._open()
            self._decoder.decode(_noise(), self.languages[0])
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            self.close()
            raise EngineUnavailable(
                f"asr: faster_whisper cannot run {self._options.model} on {self.device}: {error}; {_cure(str(error))}"
            ) from error

    def _open(self) -> Decoder:
        folder = find_folder(self._options.model)
        if self.device == "cuda":
            LOG.info("CUDA libraries of wheels", extra={"libraries": preload()})
        model = self._load(self._options, str(folder), self.device)
        self._compute_type = model.model.compute_type
        self.languages = self._known_languages(model)
        return Decoder(model, self._settings())

    def _known_languages(self, model: WhisperModel) -> tuple[str, ...]:
        """What is claimed and has a token: large-v2 has none for Cantonese, an English model none that counts."""
        spoken = tuple(
            code
            for code in model.supported_languages
            if not model.model.is_multilingual or model.hf_tokenizer.token_to_id(f"<|{code}|>") is not None
        )
        claimed = self._options.languages or (("en",) if english_only(self._options.model) else spoken)
        unknown = [code for code in claimed if code not in spoken]
        if unknown:
            raise ValueError(
                f"it does not know {', '.join(unknown)}, which [asr.options.faster_whisper] languages claims"
            )
        return claimed

    def _settings(self) -> Settings:
        options = self._options
        return Settings(
            beam=options.beam,
            silence_s=self.silence_s,
            tokens_per_second=options.tokens_per_second,
            spare_tokens=options.spare_tokens,
            no_speech_above=options.no_speech_above,
            least_log_p=options.least_log_p,
            most_compression=options.most_compression,
        )

    def transcribe(self, pcm: Pcm, language: str, utterance: int = 0) -> Transcription:
        """See the port. On the CPU most of it is the encoder."""
        del utterance
        require_language(self.name, self.languages, language)
        if self._decoder is None:
            raise EngineUnavailable("asr: faster_whisper is not open; warm_up() comes first")
        if pcm.size == 0:
            return Transcription(text="", engine=self.name)
        try:
            found = self._decoder.decode(np.ascontiguousarray(pcm, np.float32), language)
        except (RuntimeError, ValueError, MemoryError) as error:
            message = f"asr: faster_whisper failed on {pcm.size} samples on {self.device}: {error}; {_cure(str(error))}"
            raise engine_failed(message, error) from error
        return Transcription(
            text=found.text,
            confidence=min(1.0, math.exp(found.log_p)) if found.text else 0.0,
            no_speech=min(1.0, max(0.0, found.no_speech)),
            engine=self.name,
        )

    def close(self) -> None:
        """Let go of the weights."""
        self._decoder = None


def _device(options: Options) -> str:
    if options.device != "auto":
        return options.device
    return "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"


def chosen_compute_type(options: Options, device: str) -> str:
    """What CTranslate2 is asked to compute in."""
    if options.compute_type != "auto":
        return options.compute_type
    return "float16" if device == "cuda" else "int8"


def _noise() -> Pcm:
    """A second of faint noise, the same every time, shape (16000,)."""
    return np.random.default_rng(1).normal(scale=1e-3, size=MICROPHONE_HZ).astype(np.float32)


CURES = (
    ("out of memory", "free GPU memory, or set compute_type = \"int8_float16\" or a smaller model"),
    ("cublas", "install nvidia-cublas-cu12 (services/asr/requirements-gpu.txt); CUDA 13's libraries do not serve"),
    ("driver", "install or update the NVIDIA driver, or set device = \"cpu\""),
    ("compute type", "choose another compute_type: float16 on a GPU, int8 on a CPU"),
    ("model.bin", "download the model again: `mirror models pull --profile rig`"),
)  # fmt: skip


def _cure(message: str) -> str:
    low = message.lower()
    return next((cure for sign, cure in CURES if sign in low), "see services/asr/README.md")
