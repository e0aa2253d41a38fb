"""The stage: events in, the engine, events out."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from services.tts.backstage import Backstage
from services.tts.config import TtsConfig
from services.tts.engines import ENGINES
from services.tts.rendered import RenderedLines
from services.tts.speakable import clauses, clean
from services.tts.speaker import Saying, Speaker
from services.tts.synthesizer import SELF, Synthesizer
from services.tts.voicing import Voicing
from shared.audio import VOICE_HZ
from shared.config import section
from shared.errors import EngineFailed
from shared.events import AnyEvent, LineAhead, LineWanted, ReplyClause, ReplyEnded, VoiceSampleTaken
from shared.lost_context import is_lost
from shared.stage import Health, Visit, VisitWorkerBase

LOG = logging.getLogger(__name__)


class TtsStage:
    """One engine, one thread for it, and the host's lines, which hold nothing of any visitor."""

    name: ClassVar[str] = "tts"
    reads: ClassVar[Sequence[str]] = ("reply", "lines", "voice_sample")

    def __init__(self, config: TtsConfig, engine: Synthesizer) -> None:
        self._engine = engine
        self._voicing = Voicing(config, engine)
        self._max_samples = int(config.rendered_minutes * 60 * VOICE_HZ)
        self._host_lines = RenderedLines(self._max_samples)
        self._warm_s = 0.0
        self._visits: list[TtsVisit] = []
        self._stand_ins = 0
        self._last_error = ""
        self._preparing: asyncio.Task[None] | None = None

    async def warm_up(self) -> Health:
        """Load the engine and speak once; what only a new voice needs follows when there is time. Raises EngineUnavailable."""
        began = time.monotonic()
        await self._voicing.desk.do(self._engine.warm_up, is_urgent=True)
        self._warm_s = time.monotonic() - began
        self._preparing = asyncio.create_task(self._prepare())
        return self.health()

    async def _prepare(self) -> None:
        try:
            await self._voicing.prepare()
        except EngineFailed as error:
            self.note_failure(error)

    def health(self) -> Health:
        """How the engine is now. Degraded: another engine or the host's voice stands in, or a visit's language is not spoken."""
        about = self._engine.about()
        unspoken = [visit.language for visit in self._visits if visit.language not in about.languages]
        trouble = f"{about.name} speaks {', '.join(about.languages)}, a visit is in {unspoken[0]}" if unspoken else ""
        return Health(
            engine=about.name,
            device=about.device,
            version=about.version,
            warm_s=self._warm_s,
            is_degraded=about.is_degraded or bool(unspoken) or any(visit.has_stood_in for visit in self._visits),
            fallbacks=about.fallbacks + self._stand_ins,
            last_error=trouble or about.last_error or self._last_error,
            is_lost=is_lost(about.last_error or self._last_error),
        )

    def open_visit(self, visit: Visit) -> "TtsVisit":
        """A worker for one more visit."""
        worker = TtsVisit(self, self._voicing, visit, (RenderedLines(self._max_samples), self._host_lines))
        self._visits.append(worker)
        return worker

    def note_failure(self, error: EngineFailed) -> None:
        """Something could not be spoken."""
        self._last_error = str(error)
        LOG.warning("the engine failed", extra={"stage": self.name, "error": str(error)})

    def note_stand_in(self) -> None:
        """The host's voice spoke words of the copy."""
        self._stand_ins += 1
        LOG.warning("the host's voice stands in for the copy's", extra={"stage": self.name})

    def forget(self, worker: "TtsVisit") -> None:
        """A visit is over."""
        if worker in self._visits:
            self._visits.remove(worker)

    async def close(self) -> None:
        """Let go of the engine."""
        if self._preparing is not None:
            self._preparing.cancel()
        await asyncio.to_thread(self._voicing.desk.close)
        self._host_lines.clear()
        self._engine.close()


class TtsVisit(VisitWorkerBase):
    """The voice of one visit."""

    def __init__(
        self, stage: TtsStage, voicing: Voicing, visit: Visit, lines: tuple[RenderedLines, RenderedLines]
    ) -> None:
        self._stage = stage
        self._engine = voicing.engine
        self._speaker = Speaker(voicing, visit)
        self._backstage = Backstage(voicing, visit, *lines)
        self._backstage.on_failure = stage.note_failure
        self.language = visit.language
        self.has_stood_in = False
        """The newest words of the copy were spoken in the host's voice."""

    async def start(self) -> None:
        """Voice, lines and the place in the turn, from the session's own streams."""
        await self._speaker.rebuild()
        await self._backstage.rebuild()

    async def run(self) -> None:
        """Voice and lines, beside the speaking."""
        await self._backstage.run()

    def overhear(self, event: AnyEvent) -> None:
        """Who speaks: what nobody waits for yet waits for a lull."""
        self._backstage.overhear(event)

    async def handle(self, event: AnyEvent) -> None:
        """One clause, line or order."""
        if isinstance(event, ReplyClause | LineWanted):
            await self._backstage.returned(event.voice)
        match event:
            case ReplyClause():
                await self._speak_clause(event)
            case ReplyEnded():
                await self._end_reply(event)
            case LineWanted():
                await self._say_line(event)
            case LineAhead():
                self._backstage.take_line(event)
            case VoiceSampleTaken():
                self._backstage.take_sample(event)
            case _:
                pass  # a refused sample concerns the play alone

    async def close(self) -> None:
        """Forget the visitor."""
        self._backstage.close()
        self._stage.forget(self)

    async def _speak_clause(self, event: ReplyClause) -> None:
        if text := clean(event.text):
            await self._try_to_speak(self._saying(event), ((event.index, text),))

    async def _end_reply(self, event: ReplyEnded) -> None:
        speech = self._speaker.speech_of(event)
        failed = "failed" if speech.has_failed else "empty"
        await self._speaker.end(event, "done" if speech.position else failed)

    async def _say_line(self, event: LineWanted) -> None:
        saying = self._saying(event)
        if (line := self._backstage.find(event)) is not None:
            await self._speaker.replay(saying, line)
        else:
            await self._try_to_speak(saying, tuple(enumerate(clauses(event.text))))
        speech = self._speaker.speech_of(event)
        failed = "failed" if speech.has_failed else "empty"
        await self._speaker.end(event, "done" if speech.position else failed)

    async def _try_to_speak(self, saying: Saying, parts: tuple[tuple[int, str], ...]) -> None:
        """Speak what can be spoken. No second attempt: the same words fail the same way, and `fallback` is an engine."""
        for index, text in parts:
            try:
                await self._speaker.speak(saying, text, index)
            except EngineFailed as error:
                self._speaker.speech_of(saying.cause).has_failed = True
                self._stage.note_failure(error)

    def _saying(self, event: ReplyClause | LineWanted) -> Saying:
        voice = self._backstage.voice(event.voice)
        name = self._engine.about().name
        if event.voice == SELF:
            self.has_stood_in = voice.name != SELF
        if event.voice == SELF and self.has_stood_in:
            self._stage.note_stand_in()
            name += " (host)"
        return Saying(cause=event, voice=voice, language=event.language, engine=name)


def open_stage(settings: dict[str, Any]) -> TtsStage:
    """The stage as [tts] of the settings says. Raises ConfigError, EngineUnavailable."""
    config = section(settings, "tts", TtsConfig)
    return TtsStage(config, ENGINES.open(config))
