"""Rendering ahead gives way to whoever speaks: the backstage in virtual time, with an engine that takes its time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from services.tts.engines.tone import Options, Tone
from services.tts.lull import ANSWER_S
from services.tts.stage import TtsVisit
from services.tts.synthesizer import Voice
from shared.clock import LoopClock
from shared.errors import BadInput
from shared.events import LineAhead, LineRendered, LineWanted, MirrorSpeaking, VisitorSpeaking, VoiceReady
from tests.support.tts_room import Room, sample, visiting
from tests.support.virtual_time import run_virtual

PIECE_S = 0.1
TEXT = "never ever again anywhere"  # nine syllables: about a second of work


class Watched(Tone):
    """Notes when it worked, and on what."""

    def __init__(self) -> None:
        super().__init__(Options())
        self.worked: list[tuple[float, str]] = []

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        for block in super().synthesize(text, voice, language):
            self.worked.append((LoopClock().now(), text))
            yield block

    def between(self, begin: float, end: float) -> int:
        """Pieces of work begun in that time."""
        return sum(begin <= at < end for at, _ in self.worked)


class Stage:
    """One visit, with what tests say to it."""

    def __init__(self, visit: TtsVisit, room: Room, engine: Watched) -> None:
        self.visit, self.room, self.engine = visit, room, engine
        self._seq = 1

    @property
    def now(self) -> float:
        return LoopClock().now()

    async def order(self, line: str, *, due_in: float | None = None, voice: str = "host", text: str = TEXT) -> None:
        self._seq += 1
        due_at = 0.0 if due_in is None else self.now + due_in
        ahead = LineAhead(seq=self._seq, line=line, text=text, language="en", voice=voice, due_at=due_at)
        await self.visit.handle(ahead)

    def visitor(self, *, speaks: bool) -> None:
        self.visit.overhear(VisitorSpeaking(at=self.now, is_speaking=speaks))

    def mirror(self, *, speaks: bool) -> None:
        self.visit.overhear(MirrorSpeaking(at=self.now, is_speaking=speaks))

    def rendered(self) -> list[str]:
        events = self.room.streams.get("voice_ready", [])
        return [event.line for event in events if isinstance(event, LineRendered)]


def in_virtual_time(test: Callable[[Stage], Awaitable[None]]) -> None:
    async def play() -> None:
        room, engine = Room(), Watched()
        async with visiting(room, engine, clock=LoopClock()) as visit:
            await test(Stage(visit, room, engine))

    run_virtual(play(), work_s=PIECE_S)


def test_a_line_at_hand_stops_at_its_next_piece_when_the_visitor_begins_to_speak() -> None:
    async def visit(stage: Stage) -> None:
        await stage.order("line")
        await asyncio.sleep(0.5)
        stage.visitor(speaks=True)
        began = stage.now
        await asyncio.sleep(10)
        assert stage.engine.between(began - 0.5, began) > 1
        assert stage.engine.between(began + PIECE_S, began + 10) == 0

    in_virtual_time(visit)


def test_it_goes_on_when_the_answer_sounds() -> None:
    async def visit(stage: Stage) -> None:
        stage.visitor(speaks=True)
        await stage.order("line")
        await asyncio.sleep(3)
        stage.visitor(speaks=False)
        await asyncio.sleep(ANSWER_S / 2)
        assert stage.engine.worked == []
        stage.mirror(speaks=True)
        await asyncio.sleep(3)
        assert stage.rendered() == ["line"]

    in_virtual_time(visit)


def test_it_goes_on_when_no_answer_comes() -> None:
    async def visit(stage: Stage) -> None:
        stage.visitor(speaks=True)
        stage.visitor(speaks=False)
        await stage.order("line")
        await asyncio.sleep(ANSWER_S + 3)
        assert stage.rendered() == ["line"]

    in_virtual_time(visit)


def test_a_line_is_ready_when_it_is_due_though_the_visitor_never_stops() -> None:
    async def visit(stage: Stage) -> None:
        stage.visitor(speaks=True)
        for number in range(4):
            await stage.order(f"line {number}", due_in=30.0 + number)
        await stage.order("whenever")
        await asyncio.sleep(30.0 - 15.0)
        assert stage.rendered() == []
        await asyncio.sleep(15.0)
        assert stage.rendered()[0] == "line 0"
        await asyncio.sleep(3.0)
        assert stage.rendered() == [f"line {number}" for number in range(4)]
        await asyncio.sleep(60.0)
        assert "whenever" not in stage.rendered()

    in_virtual_time(visit)


def test_a_line_that_presses_goes_before_one_that_is_held_at_a_piece() -> None:
    async def visit(stage: Stage) -> None:
        await stage.order("whenever")
        await asyncio.sleep(0.5)
        stage.visitor(speaks=True)
        await stage.order("due", due_in=8.0)
        await asyncio.sleep(8.0)
        assert "due" in stage.rendered()

    in_virtual_time(visit)


def test_a_voice_is_made_though_the_visitor_speaks_and_a_line_is_held() -> None:
    async def visit(stage: Stage) -> None:
        await stage.order("line")
        await asyncio.sleep(0.5)
        stage.visitor(speaks=True)
        await stage.visit.handle(sample())
        await asyncio.sleep(5)
        assert len(stage.room.streams["voice_ready"]) == 2  # the line that stood in its way, and the voice

    in_virtual_time(visit)


def test_a_line_that_is_wanted_before_it_is_ready_is_made_once_and_not_twice() -> None:
    async def visit(stage: Stage) -> None:
        await stage.order("line", due_in=0.0)
        await asyncio.sleep(0.5)
        begun = len(stage.engine.worked)
        await stage.visit.handle(LineWanted(turn=1, seq=1, line="line", text=TEXT, language="en", voice="host"))
        await asyncio.sleep(10)
        syllables = 9
        assert len(stage.engine.worked) <= begun + 1 + syllables
        assert stage.room.endings[0].reason == "done"

    in_virtual_time(visit)


def test_a_sample_that_is_no_sound_is_refused_at_once_and_the_voice_is_made_of_the_next() -> None:
    async def main() -> None:
        room = Room()
        broken = msgspec.structs.replace(sample(), pcm=b"odd")
        async with visiting(room, clock=LoopClock()) as worker:
            with pytest.raises(BadInput, match="3 bytes"):
                await worker.handle(broken)
        await room.publish(broken)
        async with visiting(room, clock=LoopClock()) as worker:  # a successor meets it again
            await worker.handle(sample(turn=2))
            ready = await room.until("voice_ready", 1)
        assert isinstance(ready[0], VoiceReady)

    run_virtual(main())
