"""Redis' append-only file has no room left: plain words, no event lost, and it goes on once there is room again."""

import asyncio
import resource
from collections.abc import AsyncIterator

import pytest

from rig.redis_server import RedisServer
from shared.bus import Output
from shared.clock import HostClock
from shared.errors import BusUnavailable
from shared.events import LineWanted
from shared.freshness import Freshness
from shared.outlet import LeasedOutlet
from shared.redis_bus import RedisBus
from shared.streams import START, StreamId, key

pytestmark = pytest.mark.redis


@pytest.fixture
async def bus(redis_server: RedisServer) -> AsyncIterator[RedisBus]:
    bus = RedisBus(redis_server.url)
    yield bus
    await bus.close()


def leave_room(server: RedisServer, *, is_room: bool) -> None:
    assert server.process
    limit = resource.RLIM_INFINITY if is_room else 1
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


async def refusal(bus: RedisBus) -> str:
    """What a writer is told, once Redis has noticed."""
    async with asyncio.timeout(10):
        while True:
            try:
                await bus.append("mirror:stages", b"beat", 9)
            except BusUnavailable as error:
                return str(error)
            await asyncio.sleep(0.05)


async def test_it_says_what_is_wrong_and_everything_that_waited_is_written_once(
    redis_server: RedisServer, bus: RedisBus
) -> None:
    lease = await bus.acquire("v", "session", "us", 600.0)
    assert lease
    outlet = LeasedOutlet(bus, lease, HostClock(), Freshness())
    leave_room(redis_server, is_room=False)
    assert "RAM disk full" in await refusal(bus)
    line = LineWanted(turn=2, seq=1, line="a", text="a", language="en", voice="host")
    waiting = asyncio.create_task(outlet.publish(line))
    await asyncio.wait({waiting}, timeout=0.5)
    assert not waiting.done()
    assert await bus.tail(key("v", "lines")) == START, "reading goes on"
    leave_room(redis_server, is_room=True)
    async with asyncio.timeout(10):
        await waiting
    assert [entry.id for entry in await bus.range(key("v", "lines"), START)] == [StreamId(2, 1)]
    assert await bus.commit(lease, [Output(key("v", "lines"), StreamId(2, 1), b"again", 9)]) == 0
