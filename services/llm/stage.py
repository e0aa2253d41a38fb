"""Requests in; clauses, endings and signals out."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

import msgspec

from services.llm.chat_model import REPLY_REASON, WELL, ChatModel, Delta, Ended
from services.llm.config import LlmConfig
from services.llm.conversation import prompt_of, visitor_said
from services.llm.engines import ENGINES
from services.llm.listening import Chooser, Listening
from services.llm.pump import Deadlines, pumped
from services.llm.reply import ReplyWriter
from services.llm.safety import Gate
from services.llm.signals import read_signals
from shared.config import section
from shared.errors import ConfigError, EngineUnavailable
from shared.events import AnyEvent, ReplyClause, ReplyEnded, ReplyRequest, SignalHeard, SignalSpec
from shared.freshness import Freshness
from shared.stage import Health, Visit, VisitWorkerBase
from shared.streams import START, StreamId

LOG = logging.getLogger(__name__)

END_SEQ = 999
MOST_CLAUSES = END_SEQ - 1

BEHIND_TURNS = 3
"""Turns of the event loop in which a model on this machine has its first clause out. Reading signals computes for some
milliseconds: the visitor waits for the clause, and nobody for them; of a model far away they do not wait."""


@runtime_checkable
class ListenerModel(ChatModel, Chooser, Protocol):
    """A model that can be asked what was meant."""


def open_stage(settings: dict[str, Any]) -> "LlmStage":
    """The stage as the settings describe it; the engine is opened, not yet warm."""
    config = section(settings, "llm", LlmConfig)
    model = ENGINES.open(config)
    return LlmStage(model, config, open_listener(config) if config.listener else None)


def open_listener(config: LlmConfig) -> ListenerModel | None:
    """The engine that is asked what was meant; None where its package is missing, for words alone will do.

    Raises:
        ConfigError: It cannot answer such a question.
    """
    try:
        model = ENGINES.open(msgspec.structs.replace(config, engine=config.listener))
    except EngineUnavailable as error:
        LOG.warning("listener cannot be opened", extra={"error": str(error)})
        return None
    if not isinstance(model, ListenerModel):
        raise ConfigError(
            f"[llm] listener {config.listener!r} cannot answer a closed question; take gemini or openai_compatible"
        )
    return model


class LlmStage:
    """One model for all visits of this process."""

    name: ClassVar[str] = "llm"
    reads: ClassVar[Sequence[str]] = ("requests",)

    def __init__(self, model: ChatModel, config: LlmConfig, listener: ListenerModel | None = None) -> None:
        self.model = model
        self.config = config
        self.listening = Listening(listener, config.listener_s)
        self._last_failure = ""
        self._listener = listener
        self._warm_s = 0.0
        self.deadlines = Deadlines(
            first_token_s=config.first_token_s, inter_token_s=config.inter_token_s, total_s=config.total_s
        )

    async def warm_up(self) -> Health:
        """One real reply."""
        now = asyncio.get_running_loop().time
        started = now()
        await self.model.warm_up()
        if self._listener:
            await self._warm_listener(self._listener)
        _warm_readers()
        self._warm_s = now() - started
        return self.health()

    def health(self) -> Health:
        """How the model is; degraded while another than the first choice speaks."""
        about, trouble = self.model.about, self.model.trouble or self.listening.trouble
        return Health(
            engine=about.name, device=about.device, version=about.version, warm_s=self._warm_s,
            is_degraded=bool(trouble), fallbacks=self.model.fallbacks, last_error=trouble or self._last_failure,
        )  # fmt: skip

    def note(self, ended: Ended) -> None:
        """How a reply failed, until one does not: a model that hangs does not know it itself."""
        self._last_failure = "" if ended.ending in WELL else f"{ended.engine}: last reply ended as {ended.ending}"

    async def _warm_listener(self, listener: ListenerModel) -> None:
        """Words alone will do: one that is away keeps nobody out."""
        try:
            await listener.warm_up()
        except EngineUnavailable as error:
            LOG.warning("listener is away", extra={"error": str(error)})

    def open_visit(self, visit: Visit) -> "LlmVisit":
        """A worker that keeps nothing but where it was."""
        return LlmVisit(self, visit)

    async def close(self) -> None:
        """Let go of the engines."""
        await self.model.close()
        if self._listener:
            await self._listener.close()


def _warm_readers() -> None:
    """Compile every pattern now: the first visitor's first reply would pay 20 ms for them."""
    listens = tuple(
        SignalSpec(name=name, means="", examples=("I am",)) for name in ("agreed", "withdrawn", "told", "name")
    )
    for language in ("en", "nl"):
        read_signals("I am here, and afraid of the dark.", language, listens)
        Gate(("I am here.",), language).objection("And I am here with you, in the dark.")


class LlmVisit(VisitWorkerBase):
    """Answers one visitor, request by request."""

    def __init__(self, stage: LlmStage, visit: Visit) -> None:
        self._stage = stage
        self._visit = visit
        self._last_reply = START
        self._freshness = Freshness()

    async def start(self) -> None:
        """Where the reply stream stood: only a request at or before it can be one that was begun already."""
        self._last_reply = await self._visit.outlet.tail("reply")

    def overhear(self, event: AnyEvent) -> None:
        """Note what makes a request void."""
        self._freshness.note(event)

    async def handle(self, event: AnyEvent) -> None:
        """Signals and reply side by side: neither waits for the other."""
        if not isinstance(event, ReplyRequest):
            return
        started, hurry = self._visit.clock.now(), asyncio.Event()
        signals = asyncio.create_task(self._read_signals(event, started, hurry))
        try:
            if event.wants_reply:
                await self._answer(event, started)
            await asyncio.shield(signals)
        finally:
            hurry.set()
            await signals

    async def _read_signals(self, request: ReplyRequest, started: float, hurry: asyncio.Event) -> None:
        for _ in range(BEHIND_TURNS):
            await asyncio.sleep(0)
        reading = await self._stage.listening.read(request, hurry)
        await self._visit.outlet.publish(
            SignalHeard(
                epoch=request.epoch, turn=request.turn, rev=request.rev, seq=request.rev + 1, trace=request.trace,
                utterance=request.utterance, name=reading.name, captured=reading.captured, other=reading.other,
                certainty=reading.certainty, engine_s=self._visit.clock.now() - started,
            )
        )  # fmt: skip

    async def _answer(self, request: ReplyRequest, started: float) -> None:
        """Clauses as they become whole, then always an end, also when cancelled because the request became void."""
        begun = await self._begun(request)
        if begun is None:
            return
        writer = ReplyWriter(Gate(visitor_said(request), request.language), request.prompt.max_words)
        ended = Ended(ending="cut", engine=self._stage.model.about.name)
        try:
            if begun == 0 or self._stage.model.about.is_deterministic:
                ended = await self._converse(request, writer, started)
                self._stage.note(ended)
        except asyncio.CancelledError:
            if self._freshness.is_stale(request):
                await self._end(request, writer.clauses, "cancelled", ended.engine)
            raise
        reason = writer.ending or ("fallback" if ended.is_fallback else REPLY_REASON[ended.ending])
        if writer.clauses == begun == 0 and reason in {"done", "fallback"}:
            reason = "empty"  # a model may well end as it should without a word
        await self._end(request, max(writer.clauses, begun), reason, ended.engine)

    async def _begun(self, request: ReplyRequest) -> int | None:
        """How many clauses of this reply are out already, from before a crash; None if it is complete."""
        first = StreamId(request.turn, request.rev * 1000)
        if self._last_reply <= first:
            return 0
        said = [
            event for event in await self._visit.outlet.recall("reply", first)
            if (event.turn, event.rev) == (request.turn, request.rev)
        ]  # fmt: skip
        if any(isinstance(event, ReplyEnded) for event in said):
            return None
        return len(said)

    async def _converse(self, request: ReplyRequest, writer: ReplyWriter, started: float) -> Ended:
        model, prompt = self._stage.model, prompt_of(request, self._stage.config.history_turns)
        index = 0
        async with pumped(model, prompt, self._stage.deadlines) as pieces:
            async for piece in pieces:
                clauses = writer.push(piece.text) if isinstance(piece, Delta) else writer.finish(piece.ending)
                for clause in clauses:
                    await self._say(request, index, clause, started)
                    index += 1
                if isinstance(piece, Ended):
                    return piece
                if writer.ending or index >= MOST_CLAUSES:
                    break
        return Ended(ending="length", engine=model.about.name)

    async def _say(self, request: ReplyRequest, index: int, text: str, started: float) -> None:
        await self._visit.outlet.publish(
            ReplyClause(
                epoch=request.epoch, turn=request.turn, rev=request.rev, seq=request.rev * 1000 + index + 1,
                trace=request.trace, index=index, text=text, language=request.language, voice=request.prompt.speaker,
                engine_s=self._visit.clock.now() - started,
            )
        )  # fmt: skip

    async def _end(self, request: ReplyRequest, clauses: int, reason: str, engine: str) -> None:
        await self._visit.outlet.publish(
            ReplyEnded(
                epoch=request.epoch, turn=request.turn, rev=request.rev, seq=request.rev * 1000 + END_SEQ,
                trace=request.trace, clauses=clauses, reason=reason, engine=engine,
            )
        )  # fmt: skip
