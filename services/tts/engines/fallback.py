"""Two engines as one: what the first cannot speak, the second does. Every switch is logged, counted and shown in the heartbeat."""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.tts.engines.absent import opened_or_absent
from services.tts.engines.keeping import packed, unpacked
from services.tts.synthesizer import HOST, SELF, About, Synthesizer, Voice, VoiceSample
from shared.errors import EngineFailed, EngineUnavailable

LOG = logging.getLogger(__name__)


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the first engine is put up with."""

    patience_s: float = 1.5
    """Work the first may spend on a clause before anything of it sounds; then the second speaks it."""
    bad_clauses: int = 2
    """After so many failures in a row the first rests: each costs the visitor time."""
    rest_s: float = 30.0
    """Then it is tried again."""


USUAL = Patience()


class Options(Patience, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set."""

    order: tuple[str, str] = ("f5", "piper")


class Kept(msgspec.Struct, frozen=True):
    """What each of the two kept; empty: nothing."""

    first: bytes
    second: bytes


class VoicePair:
    """The same voice in both engines; None where an engine could not make it."""

    def __init__(self, name: str, voices: tuple[Voice | None, Voice | None]) -> None:
        self.name = name
        self.voices = voices


class Fallback:
    """A Synthesizer that wraps two. The second is kept warm: a visitor cannot wait for it to load."""

    def __init__(
        self,
        first: Synthesizer,
        second: Synthesizer,
        patience: Patience = USUAL,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engines = (first, second)
        self._patience = patience
        self._now = now
        self._is_ready = [False, False]
        self._is_alone = False
        """Only the second could be opened."""
        self._is_second = False
        """The second engine spoke last, in the first's place."""
        self._bad_clauses = 0
        self._rests_until = float("-inf")
        self._switches = 0
        self._last_error = ""

    def about(self) -> About:
        """See Synthesizer. Named by the engine that would speak now."""
        abouts = [engine.about() for engine in self._engines]
        is_second = self._is_second or self._is_alone or self._is_resting()
        now = abouts[1 if is_second else 0]
        return msgspec.structs.replace(
            now,
            languages=tuple(dict.fromkeys(abouts[0].languages + abouts[1].languages)),
            is_deterministic=all(about.is_deterministic for about in abouts),
            is_degraded=is_second or now.is_degraded,
            fallbacks=self._switches + sum(about.fallbacks for about in abouts),
            last_error=self._last_error or now.last_error,
        )

    def warm_up(self) -> None:
        """See Synthesizer. One engine is enough."""
        for number, engine in enumerate(self._engines):
            try:
                engine.warm_up()
                self._is_ready[number] = True
            except EngineUnavailable as error:
                self._note(error)
        if not any(self._is_ready):
            raise EngineUnavailable(f"fallback: neither engine is there; the last said: {self._last_error}")
        self._is_alone = not self._is_ready[0]

    @property
    def host(self) -> Voice:
        """See Synthesizer."""
        first, second = (
            engine.host if ready else None for engine, ready in zip(self._engines, self._is_ready, strict=True)
        )
        return VoicePair(HOST, (first, second))

    def prepare(self) -> Generator[None, None, None]:
        """See Synthesizer. What one cannot, the other may."""
        for number, engine in enumerate(self._engines):
            if self._is_ready[number]:
                with suppress(EngineFailed):  # `make_voice` will fail the same way, and say so
                    yield from engine.prepare()

    def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
        """See Synthesizer. Made in both, so that a switch does not change who speaks."""
        voices: list[Voice | None] = [None, None]
        for number, engine in enumerate(self._engines):
            if not self._is_ready[number]:
                continue
            try:
                voices[number] = yield from engine.make_voice(sample)
            except EngineFailed as error:
                self._note(error)
        if voices == [None, None]:
            raise EngineFailed(f"fallback: neither engine could make the voice; the last said: {self._last_error}")
        return VoicePair(SELF, (voices[0], voices[1]))

    def keep(self, voice: Voice) -> bytes:
        """See Synthesizer. Each engine's for itself: a pair that was half is half again."""
        if not isinstance(voice, VoicePair):
            return b""
        first, second = (
            b"" if own is None else engine.keep(own) for engine, own in zip(self._engines, voice.voices, strict=True)
        )
        return packed("fallback", Kept(first, second)) if first or second else b""

    def restore(self, kept: bytes) -> Voice:
        """See Synthesizer. One of the two is enough, as when the voice was made."""
        parts = unpacked("fallback", kept, Kept)
        voices: list[Voice | None] = [None, None]
        for number, part in enumerate((parts.first, parts.second)):
            if part and self._is_ready[number]:
                try:
                    voices[number] = self._engines[number].restore(part)
                except EngineFailed as error:
                    self._note(error)
        if voices == [None, None]:
            raise EngineFailed("fallback: neither engine could restore the voice")
        return VoicePair(SELF, (voices[0], voices[1]))

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        """See Synthesizer. Switches only before the first sound: nobody changes voice within a word."""
        if not isinstance(voice, VoicePair):
            raise EngineFailed("fallback: this voice is another engine's")
        if voice.voices == (None, None):
            raise EngineFailed("fallback: this voice is forgotten")
        return self._spoken(text, voice, language)

    def forget(self, voice: Voice) -> None:
        """See Synthesizer."""
        if isinstance(voice, VoicePair) and voice.name != HOST:
            for engine, own in zip(self._engines, voice.voices, strict=True):
                if own is not None:
                    engine.forget(own)
            voice.voices = (None, None)

    def close(self) -> None:
        """See Synthesizer."""
        for engine in self._engines:
            engine.close()

    def _spoken(self, text: str, voice: VoicePair, language: str) -> Iterator[NDArray[np.float32]]:
        first, second = voice.voices
        first_speaks_it = language in self._engines[0].about().languages
        if first is not None and first_speaks_it and not self._is_resting():
            is_spoken = yield from self._by_first(text, first, language)
            if is_spoken:
                return
        if second is None:
            raise EngineFailed(f"fallback: the second engine has no such voice; the last said: {self._last_error}")
        self._is_second = first_speaks_it
        yield from self._engines[1].synthesize(text, second, language)

    def _by_first(self, text: str, voice: Voice, language: str) -> Generator[NDArray[np.float32], None, bool]:
        """Whether it spoke; what fails before its first sound is only noted."""
        has_sounded = False
        try:
            for block in self._in_time(self._engines[0].synthesize(text, voice, language)):
                has_sounded = has_sounded or block.size > 0
                yield block
            if not has_sounded:
                raise EngineFailed(f"{self._engines[0].about().name}: no sound at all")  # noqa: TRY301  # as any failure
        except EngineFailed as error:
            self._note_failure(error)
            if has_sounded:
                raise
            return False
        self._bad_clauses = 0
        self._is_second = False
        return True

    def _in_time(self, blocks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """The same blocks. Counts work, not waiting: between two blocks other speech may go first. Raises EngineFailed."""
        spent_s, has_sounded, most_s = 0.0, False, self._patience.patience_s
        while True:
            began = self._now()
            block = next(blocks, None)
            spent_s += self._now() - began
            if block is None:
                return
            has_sounded = has_sounded or block.size > 0
            if not has_sounded and spent_s > most_s:
                raise EngineFailed(f"{self._engines[0].about().name}: no sound after {spent_s:.1f} s of work")
            yield block

    def _is_resting(self) -> bool:
        return self._now() < self._rests_until

    def _note_failure(self, error: EngineFailed) -> None:
        self._note(error)
        self._bad_clauses += 1
        if self._bad_clauses >= self._patience.bad_clauses:
            self._rests_until = self._now() + self._patience.rest_s
            self._bad_clauses -= 1  # when it comes back, one more failure is enough
            LOG.warning("the first voice rests", extra={"stage": "tts", "rest_s": self._patience.rest_s})

    def _note(self, error: EngineFailed | EngineUnavailable) -> None:
        self._switches += 1
        self._last_error = str(error)
        LOG.warning("one of two voices failed", extra={"stage": "tts", "error": str(error)})


def open_engine(options: Options, others: Callable[[str], Synthesizer]) -> Synthesizer:
    """The engine. Raises ConfigError, if either of the two does."""
    first, second = (opened_or_absent(name, others) for name in options.order)
    return Fallback(first, second, options)
