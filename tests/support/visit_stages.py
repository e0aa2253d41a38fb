"""The stages of the world in `visit_world`: each answers at once, in the time the world says, with as much sound as it has words."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from shared import events as ev
from shared.audio import VOICE_HZ
from shared.stage import Health, Visit, VisitWorkerBase

if TYPE_CHECKING:
    from tests.support.visit_world import World

SECONDS_A_WORD = 0.36


def speech_s(text: str) -> float:
    """How long the world takes to say something."""
    return round(max(1, len(text.split())) * SECONDS_A_WORD, 1)


class _Stage:
    """What the world's stages have in common."""

    reads: ClassVar[Sequence[str]] = ()

    def __init__(self, name: str, world: "World") -> None:
        self.name = name
        self.world = world

    async def warm_up(self) -> Health:
        return self.health()

    def health(self) -> Health:
        return Health(engine="world")

    async def close(self) -> None:
        pass


class LlmStage(_Stage):
    reads = ("requests",)

    def open_visit(self, visit: Visit) -> "LlmWorker":
        return LlmWorker(visit, self.world)


class LlmWorker(VisitWorkerBase):
    def __init__(self, visit: Visit, world: "World") -> None:
        self.visit, self.world = visit, world

    async def handle(self, event: ev.AnyEvent) -> None:
        assert isinstance(event, ev.ReplyRequest)
        if self.world.llm_is_down:
            await asyncio.sleep(3600)
        if self.world.breaks_on and self.world.breaks_on == event.said:
            raise ValueError("cannot")
        say = self.visit.outlet.publish
        turn: dict[str, Any] = {"turn": event.turn, "rev": event.rev, "epoch": event.epoch}
        name = self.world.meaning(event.said, [signal.name for signal in event.signals])
        await say(ev.SignalHeard(**turn, seq=event.rev + 1, utterance=event.utterance, name=name))
        if not event.wants_reply:
            return
        await asyncio.sleep(self.world.llm_s)
        text = " ".join(["indeed"] * min(6, event.prompt.max_words))
        await say(ev.ReplyClause(**turn, seq=event.rev * 1000 + 1, index=0, text=text, engine_s=self.world.llm_s))
        await say(ev.ReplyEnded(**turn, seq=event.rev * 1000 + 999, clauses=1, reason="done"))


class TtsStage(_Stage):
    reads = ("reply", "lines", "voice_sample")

    def open_visit(self, visit: Visit) -> "TtsWorker":
        return TtsWorker(visit, self.world)


class TtsWorker(VisitWorkerBase):
    def __init__(self, visit: Visit, world: "World") -> None:
        self.visit, self.world, self.count = visit, world, 0

    async def handle(self, event: ev.AnyEvent) -> None:
        match event:
            case ev.ReplyClause() | ev.LineWanted():
                await self.speak(event, event.text)
            case ev.LineAhead():
                self.count += 1
                samples = round(speech_s(event.text) * VOICE_HZ)
                await self.visit.outlet.publish(
                    ev.LineRendered(
                        seq=self.count, line=event.line, voice=event.voice, language=event.language, samples=samples
                    )
                )
            case ev.VoiceSampleTaken():
                self.count += 1
                await self.visit.outlet.publish(ev.VoiceReady(seq=self.count, engine="world"))

    async def speak(self, event: ev.ReplyClause | ev.LineWanted, text: str) -> None:
        if self.world.tts_is_down:
            await asyncio.sleep(3600)
        is_line = isinstance(event, ev.LineWanted)
        if isinstance(event, ev.LineWanted) and event.line == self.world.breaks_on:
            raise ValueError("cannot")
        await asyncio.sleep(0.0 if is_line else self.world.tts_s)
        tenths, base = round(speech_s(text) * 10), event.rev * 10_000_000
        turn: dict[str, Any] = {"turn": event.turn, "rev": event.rev, "epoch": event.epoch}
        chunks = [
            ev.SpeechChunk(
                **turn, seq=base + index * 10 + 1, from_sample=index * 2400, pcm=bytes(4800),
                text=text if index == 0 else "", is_rendered=is_line,
                engine_s=self.world.tts_s if index == 0 and not is_line else 0.0,
            )
            for index in range(tenths)
        ]  # fmt: skip
        await self.visit.outlet.publish(*chunks, ev.SpeechEnded(**turn, seq=base + 9_999_999, samples=tenths * 2400))


class FaceswapStage(_Stage):
    reads = ("camera",)

    def open_visit(self, visit: Visit) -> "FaceswapWorker":
        return FaceswapWorker(visit, self.world)


class FaceswapWorker(VisitWorkerBase):
    def __init__(self, visit: Visit, world: "World") -> None:
        self.visit, self.world = visit, world

    async def handle(self, event: ev.AnyEvent) -> None:
        if isinstance(event, ev.CameraFrame) and event.is_last:
            verdict: ev.Event = ev.FaceReady(turn=event.turn, seq=1, engine="world", frame=1)
            if self.world.face_refusal:
                verdict = ev.FaceRefused(turn=event.turn, seq=1, reason=self.world.face_refusal)
            await self.visit.outlet.publish(verdict)


class Idle(_Stage):
    def open_visit(self, visit: Visit) -> VisitWorkerBase:
        return VisitWorkerBase()
