"""Two engines as one: the second answers where the first cannot."""

import logging
from collections.abc import Callable

import msgspec

from services.asr.transcriber import Pcm, Transcriber, Transcription
from shared.errors import ConfigError, EngineFailed, EngineUnavailable

LOG = logging.getLogger(__name__)

GIVE_UP_AFTER = 3
"""Failures in a row after which the first engine is asked no more: each costs the visitor a wait."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which two, in this order."""

    first: str = "moonshine"
    second: str = "scripted"


def open_engine(options: Options, others: Callable[[str], Transcriber]) -> Transcriber:
    """Both engines. One that cannot even be opened is left out; raises EngineUnavailable if that holds for both."""
    if "fallback" in (options.first, options.second) or options.first == options.second:
        raise ConfigError(
            "[asr.options.fallback] first and second must be two different engines, neither of them fallback"
        )
    opened: list[Transcriber] = []
    failures: list[str] = []
    for name in (options.first, options.second):
        try:
            opened.append(others(name))
        except EngineUnavailable as error:
            failures.append(str(error))
    if not opened:
        raise EngineUnavailable("; ".join(failures))
    return Fallback(opened, len(failures))


class Fallback:
    """See the module."""

    name = "fallback"

    def __init__(self, engines: list[Transcriber], fallbacks: int = 0) -> None:
        self._engines = engines
        self._fallbacks = fallbacks
        self._failures_in_a_row = 0

    @property
    def device(self) -> str:
        """That of the engine in use."""
        return self._engines[0].device

    @property
    def version(self) -> str:
        """Names and versions of both."""
        return " > ".join(f"{engine.name} {engine.version}" for engine in self._engines)

    @property
    def languages(self) -> tuple[str, ...]:
        """What any of them understands."""
        if any(not engine.languages for engine in self._engines):
            return ()
        return tuple(sorted({language for engine in self._engines for language in engine.languages}))

    @property
    def fallbacks(self) -> int:
        """How often the second stepped in, counting an engine that could not be opened."""
        return self._fallbacks

    def warm_up(self) -> None:
        """Both, so that a switch costs nothing. One that does not come up is left out."""
        failures: list[EngineUnavailable] = []
        for engine in list(self._engines):
            try:
                engine.warm_up()
            except EngineUnavailable as error:
                failures.append(error)
                self._leave_out(engine)
        if not self._engines:
            raise EngineUnavailable("; ".join(map(str, failures))) from failures[0]

    def transcribe(self, pcm: Pcm, language: str, utterance: int = 0) -> Transcription:
        """The first engine's words, or, where it fails, the second's."""
        *firsts, last = self._engines
        for engine in firsts:
            try:
                heard = engine.transcribe(pcm, language, utterance)
            except EngineUnavailable:
                self._step_in(engine)  # one visit's language, not a fault: the next visit may be heard again
            except EngineFailed:
                self._step_in(engine)
                self._failures_in_a_row += 1
                if self._failures_in_a_row >= GIVE_UP_AFTER:
                    self._leave_out(engine)
            else:
                self._failures_in_a_row = 0
                return heard
        return last.transcribe(pcm, language, utterance)

    def close(self) -> None:
        """Both."""
        for engine in self._engines:
            engine.close()

    def _step_in(self, failed: Transcriber) -> None:
        self._fallbacks += 1
        LOG.warning("asr engine failed, the second answers", extra={"engine": failed.name, "count": self._fallbacks})

    def _leave_out(self, engine: Transcriber) -> None:
        self._engines.remove(engine)
        self._fallbacks += 1
        engine.close()
        LOG.error("asr engine is left out from now on", extra={"engine": engine.name})
