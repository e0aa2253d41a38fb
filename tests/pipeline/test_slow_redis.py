"""A Redis that takes 50 to 200 ms for every command: later, never twice, and still over on the second."""

import asyncio
from random import Random
from typing import Any

from shared import events as ev
from shared.memory_bus import MemoryBus
from shared.streams import START, key
from tests.support.visit_story import assert_it_ended_as_written, chat_to_the_end, enrol, ledger_of, visit
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
        async with ledger_of(world) as ledger:
            await enrol(world)
            await chat_to_the_end(world)
        await assert_it_ended_as_written(world, ledger)
        assert len(ledger.answered()) >= 3

    visit(story, SlowWorld)
