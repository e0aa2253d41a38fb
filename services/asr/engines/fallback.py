"""Two engines as one: the second answers where the first cannot, or not in time; the first is tried again after a rest."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Annotated

import msgspec

from services.asr.transcriber import Pcm, Transcriber, Transcription
from shared.errors import EngineFailed, EngineUnavailable

LOG = logging.getLogger(__name__)

Seconds = Annotated[float, msgspec.Meta(gt=0.0, le=3600.0)]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which two, in this order, and how patient to be with the first."""

    order: tuple[str, str] = ("faster_whisper", "moonshine")
    patience_s: Seconds = 2.0
    """The second answers after so long; the visitor has been waiting since the end of their sentence."""
    bad_turns: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    """Failures in a row after which the first is left alone: each costs the visitor a wait."""
    rest_s: Seconds = 60.0
    """How long it is left alone. Then it must transcribe something beside the visit before it is asked again."""


Later = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls something after so many seconds, in a thread of its own; returns what calls that off."""


def open_engine(options: Options, others: Callable[[str], Transcriber]) -> Transcriber:
    """Both engines. One that cannot even be opened is left out for good; raises EngineUnavailable if that holds for both."""
    opened: list[Transcriber] = []
    failures: list[str] = []
    for name in options.order:
        try:
            opened.append(others(name))
        except EngineUnavailable as error:
            failures.append(str(error))
    if not opened:
        raise EngineUnavailable("; ".join(failures))
    return Fallback(opened, options, trouble="; ".join(failures))


def _later(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer.cancel


class Fallback:
    """See the module. The first works in a thread of its own, so that nobody waits for one that hangs."""

    def __init__(
        self, engines: list[Transcriber], options: Options | None = None, *, trouble: str = "", later: Later = _later
    ) -> None:
        self._first = engines[0] if len(engines) > 1 else None
        self._second = engines[-1]
        self._options = options or Options()
        self._later = later
        self._call_off: Callable[[], None] = lambda: None
        self._thread = ThreadPoolExecutor(1, "asr-first")
        self._overdue: Future[Transcription] | None = None
        self._failures_in_a_row = 0
        self._is_resting = False
        self._is_closed = False
        self._lasting_trouble = trouble
        self._passing_trouble = ""
        self.fallbacks = 1 if trouble else 0
        """How often the second stepped in, counting an engine that could not be opened."""

    @property
    def name(self) -> str:
        """After the engine that would answer now."""
        return f"fallback: {self._now.name}"

    @property
    def device(self) -> str:
        """That of the engine that would answer now."""
        return self._now.device

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
    def trouble(self) -> str:
        """Why it does not work as configured now; empty if it does."""
        return "; ".join(filter(None, (self._lasting_trouble, self._passing_trouble)))

    @property
    def _engines(self) -> tuple[Transcriber, ...]:
        return (self._first, self._second) if self._first else (self._second,)

    @property
    def _now(self) -> Transcriber:
        return self._second if self._first is None or self._is_resting else self._first

    def warm_up(self) -> None:
        """Both, so that a switch costs nothing. A first that does not come up rests; a second that does not is missed."""
        failure = self._wake_first()
        try:
            self._second.warm_up()
        except EngineUnavailable as error:
            if self._now is self._second:
                raise EngineUnavailable("; ".join(filter(None, (failure, str(error))))) from error
            self._lasting_trouble = str(error)
            LOG.exception("the second asr engine is not there", extra={"engine": self._second.name})

    def _wake_first(self) -> str:
        """Why it does not wake; empty if it does."""
        if self._first is None:
            return ""
        try:
            self._thread.submit(self._first.warm_up).result()
        except EngineUnavailable as error:
            self._step_in(str(error))
            self._rest()
            return str(error)
        return ""

    def transcribe(self, pcm: Pcm, language: str, utterance: int = 0) -> Transcription:
        """The first engine's words, or, where it fails or is late, the second's."""
        first = self._first
        if first is None or self._is_resting or not _understands(first, language):
            return self._second.transcribe(pcm, language, utterance)
        try:
            heard = self._ask(first, pcm, language, utterance)
        except (EngineFailed, EngineUnavailable, TimeoutError) as error:
            self._step_in(str(error) or f"asr: {first.name} gave no answer within {self._options.patience_s} s")
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= self._options.bad_turns:
                self._rest()
            return self._second.transcribe(pcm, language, utterance)
        self._failures_in_a_row = 0
        self._passing_trouble = ""
        return heard

    def _ask(self, first: Transcriber, pcm: Pcm, language: str, utterance: int) -> Transcription:
        """Raises TimeoutError, at once if it still works on what was asked before."""
        if self._overdue is not None:
            raise TimeoutError(f"asr: {first.name} still works on an utterance before this one")
        working = self._thread.submit(first.transcribe, pcm, language, utterance)
        try:
            return working.result(self._options.patience_s)
        except TimeoutError:
            self._overdue = working
            working.add_done_callback(self._forget)
            raise

    def _forget(self, late: Future[Transcription]) -> None:
        """What comes too late is not kept: it is what a visitor said."""
        if self._overdue is late:
            self._overdue = None

    def close(self) -> None:
        """Both. One that hangs is not waited for."""
        if self._first is not None and not self._is_closed:
            self._call_off()
            self._thread.submit(self._first.close)
            self._thread.shutdown(wait=self._overdue is None)
        self._is_closed = True
        self._second.close()

    # --- rest and return --------------------------------------------------------------------------------------------

    def _step_in(self, why: str) -> None:
        self.fallbacks += 1
        self._passing_trouble = why
        LOG.warning("the first asr engine failed, the second answers", extra={"count": self.fallbacks, "reason": why})

    def _rest(self) -> None:
        self._is_resting = True
        self._call_off = self._later(self._options.rest_s, self._try_again)

    def _try_again(self) -> None:
        """In whatever thread the time came: let the first warm up in its own."""
        if self._first is not None and not self._is_closed:
            self._thread.submit(self._come_back, self._first)

    def _come_back(self, first: Transcriber) -> None:
        try:
            first.warm_up()
        except EngineUnavailable as error:
            self._passing_trouble = str(error)
            if not self._is_closed:
                self._rest()
            return
        self._failures_in_a_row = 0
        self._passing_trouble = ""
        self._is_resting = False
        LOG.warning("the first asr engine is back", extra={"engine": first.name})


def _understands(engine: Transcriber, language: str) -> bool:
    """One visit's language is no fault: the next visit may be heard by the first again."""
    return not engine.languages or language in engine.languages
