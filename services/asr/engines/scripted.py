"""Test engine: says given sentences, one an utterance, whatever it hears. Deterministic, no packages."""

from collections.abc import Callable

import msgspec

from services.asr.transcriber import Pcm, Transcriber, Transcription, require_language
from shared.errors import EngineFailed


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it says."""

    sentences: tuple[str, ...] = ("I am here.",)
    """Utterance n hears sentence n; after the last it begins again. Utterance 0 hears the first."""
    languages: tuple[str, ...] = ()
    fail_on: tuple[int, ...] = ()
    """Utterances on which it fails."""


def open_engine(options: Options, others: Callable[[str], Transcriber]) -> Transcriber:
    """The engine; wraps no other."""
    del others
    return Scripted(options)


class Scripted:
    """See the module."""

    name = "scripted"
    device = "cpu"
    version = "1"
    fallbacks = 0
    trouble = ""

    def __init__(self, options: Options) -> None:
        self._options = options

    @property
    def languages(self) -> tuple[str, ...]:
        """As configured; by default any."""
        return self._options.languages

    def warm_up(self) -> None:
        """Nothing to load."""

    def transcribe(self, pcm: Pcm, language: str, utterance: int = 0) -> Transcription:
        """The utterance's sentence; nothing for digital silence."""
        require_language(self.name, self.languages, language)
        if utterance in self._options.fail_on:
            raise EngineFailed(f"asr: scripted to fail on utterance {utterance}")
        if not pcm.any() or not self._options.sentences:
            return Transcription(text="", no_speech=1.0, engine=self.name)
        sentence = self._options.sentences[max(0, utterance - 1) % len(self._options.sentences)]
        return Transcription(text=sentence, confidence=1.0, engine=self.name)

    def close(self) -> None:
        """Nothing to let go of."""
