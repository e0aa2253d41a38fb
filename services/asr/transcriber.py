"""The port: what every transcription engine does."""

from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from shared.errors import EngineUnavailable

Pcm = NDArray[np.float32]
"""Mono sound, shape (n,), -1..1, 16 kHz."""


class Transcription(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine understood."""

    text: str
    """As written: case and punctuation as the engine gives them; empty if it heard no words."""
    confidence: float = 0.0
    """0..1; 0 from engines that know none."""
    no_speech: float = 0.0
    """How likely the engine thinks that nobody spoke, 0..1; 0 from engines that know none."""
    engine: str = ""
    """Which engine it was: with `fallback` either of two."""


class Transcriber(Protocol):
    """Turns one utterance of sound into words. Methods block: call them in a thread, one at a time."""

    @property
    def name(self) -> str:
        """The engine's name in the table; of a pair, after whoever would answer now."""
        ...

    @property
    def device(self) -> str:
        """Where it computes: cpu or cuda."""
        ...

    @property
    def version(self) -> str:
        """Version of the engine and its weights."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes it understands; empty means any."""
        ...

    @property
    def fallbacks(self) -> int:
        """How often a second engine had to answer; 0 for engines that wrap none."""
        ...

    @property
    def trouble(self) -> str:
        """Why it does not work as configured just now; empty if it does."""
        ...

    def warm_up(self) -> None:
        """Load the weights and transcribe something. Raises EngineUnavailable."""
        ...

    def transcribe(self, pcm: Pcm, language: str, utterance: int = 0) -> Transcription:
        """The words in `pcm`.

        Args:
            pcm: One utterance, 0.1 to 60 s, cut by the VAD with some 400 ms before the first word.
            language: ISO 639-1 code of what is spoken.
            utterance: Number of the utterance within the visit, from 1; 0 if it has none. Only test engines look at it.

        Raises:
            EngineUnavailable: It does not understand `language`, or is not open.
            EngineFailed: It could not cope with this sound.
        """
        ...

    def close(self) -> None:
        """Let go of the weights; harmless when repeated."""
        ...


def require_language(name: str, languages: tuple[str, ...], language: str) -> None:
    """Refuse a language the engine would only make junk of. Raises EngineUnavailable."""
    if languages and language not in languages:
        raise EngineUnavailable(
            f"asr: engine {name} understands {', '.join(languages)}, not {language!r}; "
            "choose another [asr] engine or open the visit in a language it understands"
        )
