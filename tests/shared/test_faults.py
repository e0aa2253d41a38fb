"""What a stage survives, with real processes on a real Redis: nothing lost, nothing twice, nothing out of order."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from rig.redis_server import RedisServer
from shared.bus import Lease, Output
from shared.errors import BusUnavailable
from shared.events import ReplyClause, ReplyRequest, ScenePrompt, SessionOpened, decode, encode
from shared.redis_bus import RedisBus
from shared.streams import SESSIONS, START, StreamId, key

pytestmark = [pytest.mark.redis, pytest.mark.slow]

SESSION = "visit"
REQUESTS = 150
EVERY_S = 0.02
PROMPT = ScenePrompt(scene="s", goal="g", persona="p")


class Crew:
    """Two workers of one stage, and the session that feeds them."""

    def __init__(self, server: RedisServer, bus: RedisBus) -> None:
        self.server = server
        self.bus = bus
        self.workers = [self._start(), self._start()]

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, "REDIS_URL": self.server.url, "LOG_LEVEL": "ERROR"}
        return subprocess.Popen([sys.executable, "-m", "tests.support.echo_stage"], env=environment)

    async def owner(self) -> "subprocess.Popen[bytes]":
        """The worker that holds the visit: its process id is in its name."""
        while True:
            holder = await self.bus._servers.call(key(SESSION, "llm.lease"), "GET", key(SESSION, "llm.lease"))
            for worker in self.workers:
                if isinstance(holder, bytes) and f"-{worker.pid}-" in holder.decode():
                    return worker
            await asyncio.sleep(0.02)

    def replace(self, dead: "subprocess.Popen[bytes]") -> None:
        self.workers[self.workers.index(dead)] = self._start()

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()

    async def feed(self) -> None:
        lease = await self._lease()
        for turn in range(1, REQUESTS + 1):
            request = ReplyRequest(turn=turn, seq=1, utterance=turn, said=str(turn), language="en", prompt=PROMPT)
            await self._put(lease, Output(key(SESSION, "requests"), StreamId(turn, 1), encode(request), 10_000))
            await asyncio.sleep(EVERY_S)

    async def _lease(self) -> Lease:
        lease = await self.bus.acquire(SESSION, "session", "us", 600)
        assert lease
        return lease

    async def _put(self, lease: Lease, output: Output) -> None:
        while True:
            try:
                await self.bus.commit(lease, [output])
            except BusUnavailable:
                await asyncio.sleep(0.05)
            else:
                return

    async def sums(self) -> list[tuple[int, int]]:
        """(turn, sum) as published, once there are as many as requests or nothing more comes."""
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(BusUnavailable):
                    entries = await self.bus.range(key(SESSION, "reply"), START)
                    if len(entries) >= REQUESTS:
                        break
                await asyncio.sleep(0.1)
        events = [decode(entry.payload) for entry in entries]
        return [(event.turn, int(event.text)) for event in events if isinstance(event, ReplyClause)]


@pytest.fixture
async def crew(redis_server: RedisServer) -> AsyncIterator[Crew]:
    bus = RedisBus(redis_server.url)
    await bus.append(SESSIONS, encode(SessionOpened(session=SESSION, kiosk="k", language="en", script="s")), 9)
    crew = Crew(redis_server, bus)
    try:
        yield crew
    finally:
        crew.stop()
        await bus.close()


async def kill(crew: Crew) -> None:
    owner = await crew.owner()
    owner.kill()
    owner.wait()
    crew.replace(owner)


async def terminate(crew: Crew) -> None:
    owner = await crew.owner()
    owner.terminate()
    await asyncio.to_thread(owner.wait)
    crew.replace(owner)


async def freeze(crew: Crew) -> None:
    """A zombie: stopped for longer than its lease, then awake again and sure that it still owns the visit."""
    owner = await crew.owner()
    owner.send_signal(signal.SIGSTOP)
    await asyncio.sleep(1.4)
    owner.send_signal(signal.SIGCONT)


async def restart_redis(crew: Crew) -> None:
    crew.server.kill()
    await asyncio.sleep(0.3)
    crew.server.start()


@pytest.mark.parametrize("disturb", [kill, terminate, freeze, restart_redis])
async def test_nothing_is_lost_doubled_or_reordered(crew: Crew, disturb: Callable[[Crew], Awaitable[None]]) -> None:
    feeding = asyncio.create_task(crew.feed())
    await crew.owner()
    for _ in range(2):
        await asyncio.sleep(0.4)
        await disturb(crew)
    await feeding
    expected = [(turn, turn * (turn + 1) // 2) for turn in range(1, REQUESTS + 1)]
    assert await crew.sums() == expected
