"""Two engines as one: what the first cannot speak, the second does. Every switch is logged, counted and shown in the heartbeat."""

import logging
from collections.abc import Callable, Generator, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.tts.synthesizer import HOST, SELF, About, Synthesizer, Voice, VoiceSample
from shared.errors import ConfigError, EngineFailed, EngineUnavailable

LOG = logging.getLogger(__name__)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set."""

    order: tuple[str, str]
    """The engine that should speak, and the one that steps in."""


class VoicePair:
    """The same voice in both engines; None where an engine could not make it."""

    def __init__(self, name: str, voices: tuple[Voice | None, Voice | None]) -> None:
        self.name = name
        self.voices = voices


class Fallback:
    """A Synthesizer that wraps two. The second is kept warm: a visitor cannot wait for it to load."""

    def __init__(self, first: Synthesizer, second: Synthesizer) -> None:
        self._engines = (first, second)
        self._is_ready = [False, False]
        self._is_second = False
        """The second engine spoke last."""
        self._switches = 0
        self._last_error = ""

    def about(self) -> About:
        """See Synthesizer. Named by the engine that would speak now."""
        abouts = [engine.about() for engine in self._engines]
        now = abouts[1 if self._is_second else 0]
        return msgspec.structs.replace(
            now,
            languages=tuple(dict.fromkeys(abouts[0].languages + abouts[1].languages)),
            is_deterministic=all(about.is_deterministic for about in abouts),
            is_degraded=self._is_second or now.is_degraded,
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
        self._is_second = not self._is_ready[0]

    @property
    def host(self) -> Voice:
        """See Synthesizer."""
        first, second = (
            engine.host if ready else None for engine, ready in zip(self._engines, self._is_ready, strict=True)
        )
        return VoicePair(HOST, (first, second))

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

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        """See Synthesizer. Switches only before the first block: nobody changes voice within a word."""
        if not isinstance(voice, VoicePair):
            raise EngineFailed("fallback: this voice is another engine's")
        failure = EngineFailed("fallback: this voice is forgotten")
        for number, engine in enumerate(self._engines):
            own = voice.voices[number]
            if own is None:
                continue
            try:
                blocks = engine.synthesize(text, own, language)
                first = next(blocks, None)
            except EngineFailed as error:
                failure = error
                self._note(error)
                continue
            self._is_second = number == 1
            return _with(first, blocks)
        raise failure

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

    def _note(self, error: EngineFailed | EngineUnavailable) -> None:
        self._switches += 1
        self._last_error = str(error)
        LOG.warning("one of two voices failed", extra={"stage": "tts", "error": str(error)})


def _with(first: NDArray[np.float32] | None, rest: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    if first is not None:
        yield first
        yield from rest


def open_engine(options: Options, others: Callable[[str], Synthesizer]) -> Synthesizer:
    """The engine. Raises ConfigError, EngineUnavailable."""
    if "fallback" in options.order or options.order[0] == options.order[1]:
        raise ConfigError(f"[tts.options.fallback]: order names two other engines, not {', '.join(options.order)}")
    return Fallback(others(options.order[0]), others(options.order[1]))
