"""A reader that is told to stop, stops, whatever arrives at that moment."""

import asyncio

import pytest

from rig.redis_server import RedisServer
from shared.redis_bus import RedisBus
from shared.streams import START

pytestmark = pytest.mark.redis


async def _read_for_ever(bus: RedisBus) -> None:
    cursor = START
    while True:
        for entry in await bus.read({"k": cursor}, wait_s=0.2):
            cursor = entry.id


@pytest.mark.parametrize("ticks", range(8))
async def test_a_cancellation_that_meets_a_reply_is_not_lost(redis_server: RedisServer, ticks: int) -> None:
    reader, writer = RedisBus(redis_server.url), RedisBus(redis_server.url)
    task = asyncio.create_task(_read_for_ever(reader))
    await writer.append("k", b"1", 10)
    await asyncio.sleep(0.05)
    await writer.append("k", b"2", 10)
    for _ in range(ticks):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    assert done
    await reader.close()
    await writer.close()
