"""The models of the stage, each in a thread of its own: the loop that renews leases never waits for them."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
import numpy as np

from services.asr.config import AsrConfig
from services.asr.engines import ENGINES
from services.asr.senses import DETECTORS, TURN_JUDGES, WARM_UP, TurnJudge, VoiceDetector, VoiceModel
from services.asr.transcriber import Transcriber, Transcription, require_language
from services.asr.utterance import Samples, as_float
from shared.audio import MICROPHONE_HZ
from shared.errors import EngineUnavailable, MirrorError
from shared.lost_context import is_lost
from shared.stage import Health

T = TypeVar("T")


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """An engine's answer and what it cost."""

    transcription: Transcription
    took_s: float


class Inference:
    """Shared by all visits of the process. The transcriber and the turn model each do one thing at a time."""

    def __init__(
        self, transcriber: Transcriber, voice_model: Callable[[], VoiceModel], turn_judge: Callable[[], TurnJudge]
    ) -> None:
        self.transcriber = transcriber
        self._partials: Transcriber | None = None
        self._is_showing = False
        self._partials_trouble = ""
        self._open_voice_model = voice_model
        self._open_turn_judge = turn_judge
        self._voice_model: VoiceModel | None = None
        self._turn_judge: TurnJudge | None = None
        self._decoding = ThreadPoolExecutor(1, "asr-decode")
        self._judging = ThreadPoolExecutor(1, "asr-judge")
        self._showing = ThreadPoolExecutor(1, "asr-partials")
        self.running: set[asyncio.Future[Any]] = set()
        """What the threads are doing or about to do."""
        self._decodes = 0
        self._warm_s = 0.0
        self._last_error = ""
        self._is_degraded = False

    async def warm_up(self) -> None:
        """Load every model and run each once. Raises EngineUnavailable."""
        began = time.monotonic()
        await asyncio.gather(
            self._on(self._decoding, self.transcriber.warm_up),
            self._on(self._judging, self._load),
            self._on(self._showing, self._warm_up_partials),
        )
        self._warm_s = time.monotonic() - began

    def _warm_up_partials(self) -> None:
        try:
            if self._partials is not None:
                self._partials.warm_up()
        except EngineUnavailable as error:
            self.do_without_partials(error)

    def show_partials_with(self, engine: Transcriber) -> None:
        """Let the partials have an engine and a thread of their own. Before `warm_up`."""
        self._partials = engine

    def do_without_partials(self, error: EngineUnavailable) -> None:
        """Their own engine is not there, which `health` says; the engine shows them when it has nothing better to do."""
        self._partials = None
        self._partials_trouble = f"partials: {error}"

    def _load(self) -> None:
        self._voice_model = self._open_voice_model()
        self._voice_model.open_stream().probability(WARM_UP)
        self._turn_judge = self._open_turn_judge()
        self._turn_judge.p_complete(np.zeros(MICROPHONE_HZ, np.float32))

    def open_detector(self) -> VoiceDetector:
        """A voice detector for one microphone; `warm_up` comes first."""
        assert self._voice_model is not None, "warm_up comes first"
        return self._voice_model.open_stream()

    def has_time_for_partials(self, language: str) -> bool:
        """Whether whoever would hear one has nothing better to do."""
        return not self._is_showing and (self._own_for_partials(language) is not None or self._decodes == 0)

    def _own_for_partials(self, language: str) -> Transcriber | None:
        own = self._partials
        return own if own is not None and (not own.languages or language in own.languages) else None

    def expect_language(self, language: str) -> None:
        """A visit in `language` begins: if the engine does not understand it, `health` says so from now on."""
        try:
            require_language(self.transcriber.name, self.transcriber.languages, language)
        except EngineUnavailable as error:
            self._note(error)

    def _note(self, error: MirrorError) -> None:
        self._last_error = str(error)
        self._is_degraded = True

    async def decode(self, sound: Samples, language: str, utterance: int) -> Decoded:
        """The words in `sound`. Raises EngineFailed or EngineUnavailable, which `health` remembers."""
        self._decodes += 1
        began = time.monotonic()
        try:
            heard = await self._on(
                self._decoding, lambda: self.transcriber.transcribe(as_float(sound), language, utterance)
            )
        except MirrorError as error:
            self._note(error)
            raise
        finally:
            self._decodes -= 1
        self._is_degraded = False
        return Decoded(transcription=heard, took_s=time.monotonic() - began)

    async def decode_partial(self, sound: Samples, language: str, utterance: int) -> Decoded:
        """The words so far, from the partials' own engine where it knows the language. Raises as `decode`."""
        own = self._own_for_partials(language)
        if own is None:
            return await self.decode(sound, language, utterance)
        self._is_showing = True
        began = time.monotonic()
        try:
            heard = await self._on(self._showing, lambda: own.transcribe(as_float(sound), language, utterance))
        except MirrorError as error:
            self._last_error = str(error)
            raise
        finally:
            self._is_showing = False
        return Decoded(transcription=heard, took_s=time.monotonic() - began)

    async def p_complete(self, turn: Samples) -> float:
        """How probably the turn is complete; 0 (wait on) if the turn model fails, which `health` remembers."""
        judge = self._turn_judge
        assert judge is not None, "warm_up comes first"
        try:
            return await self._on(self._judging, lambda: judge.p_complete(as_float(turn)))
        except MirrorError as error:
            self._last_error = str(error)
            return 0.0

    async def aside(self, work: Callable[[], T]) -> T:
        """Something that may take 100 ms and is in nobody's way."""
        return await self._on(self._judging, work)

    def health(self) -> Health:
        """How the engine is."""
        trouble = "; ".join(filter(None, (self.transcriber.trouble, self._partials_trouble)))
        return Health(
            engine=self.transcriber.name,
            device=self.transcriber.device,
            version=self.transcriber.version,
            warm_s=self._warm_s,
            is_degraded=self._is_degraded or bool(trouble),
            fallbacks=self.transcriber.fallbacks,
            last_error=trouble or self._last_error,
            is_lost=is_lost(trouble or self._last_error),
        )

    def close(self) -> None:
        """Let go of threads and weights, once what runs is done."""
        self._decoding.submit(self.transcriber.close)
        if self._partials is not None:
            self._showing.submit(self._partials.close)
        self._decoding.shutdown(wait=True)
        self._showing.shutdown(wait=True)
        self._judging.shutdown(wait=True)

    async def _on(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        future = asyncio.get_running_loop().run_in_executor(executor, work)
        self.running.add(future)
        try:
            return await future
        finally:
            self.running.discard(future)


def open_inference(config: AsrConfig) -> Inference:
    """The models as configured, not yet warm. Raises ConfigError, or EngineUnavailable if a package is missing."""
    inference = Inference(ENGINES.open(config), DETECTORS[config.detector], TURN_JUDGES[config.turn_judge])
    wanted = config.partials()
    if wanted is not None:
        try:
            inference.show_partials_with(ENGINES.open(wanted))
        except EngineUnavailable as error:
            inference.do_without_partials(error)
    return inference
