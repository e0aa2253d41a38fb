"""A Redis that takes 50 to 200 ms for every command: later, never twice, and still over on the second."""

import asyncio
from random import Random
from typing import Any

import pytest

from shared import events as ev
from shared.memory_bus import MemoryBus
from shared.streams import START, key
from tests.pipeline.test_session_dies import MUST_SAY, Ledger
from tests.pipeline.test_visit import chat, enrol, visit
from tests.support.visit_world import World


class SlowBus:
    """What `MemoryBus` does, late."""

    def __init__(self, bus: MemoryBus, random: Random) -> None:
        self._bus, self._random = bus, random

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._bus, name)
        if not asyncio.iscoroutinefunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(self._random.uniform(0.025, 0.1))
            result = await method(*args, **kwargs)
            await asyncio.sleep(self._random.uniform(0.025, 0.1))
            return result

        return call


class SlowWorld(World):
    def __init__(self) -> None:
        super().__init__()
        self._fast = self.bus
        self.bus = SlowBus(self.bus, Random(5))  # type: ignore[assignment] # it passes every call on

    async def events(self, stream: str) -> list[ev.AnyEvent]:
        """We look on without the delay."""
        return [ev.decode(entry.payload) for entry in await self._fast.range(key(self.session, stream), START)]


def test_a_visit_on_a_slow_redis_says_everything_once_and_ends_on_the_second() -> None:
    async def story(world: World) -> None:
        ledger = Ledger(world)
        keeping = asyncio.create_task(ledger.keep())
        await enrol(world)
        chatting = asyncio.create_task(chat(world))
        await world.until_over()
        for task in (chatting, keeping):
            task.cancel()
        assert await world.closed_reasons() == ["finished"]
        assert world.page.last_sound() - world.began_at == pytest.approx(world.play.duration_s, abs=0.5)
        assert [line for line in ledger.lines() if line in MUST_SAY] == MUST_SAY
        answered = ledger.answered()
        assert len(answered) >= 3
        assert max(answered.values()) == 1

    visit(story, SlowWorld)
