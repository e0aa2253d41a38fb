"""The wall clock may jump by an hour: nothing of a visit is timed by it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rig.redis_server import RedisServer
from services.session.microphone import Microphone
from shared.bus import Output
from shared.clock import HostClock
from shared.kiosk_wire import Audio
from shared.redis_bus import RedisBus
from shared.streams import StreamId, key

ROOT = Path(__file__).resolve().parent.parent.parent
HOUR_S = 3600

WALL_CLOCK = re.compile(r"\btime\.time\(|\bdatetime\b|\bgmtime\b|\blocaltime\b|Date\.now|new Date\b")
MAY_LOOK = {"services/session/forgetting.py"}
"""Compares the times of files, which are the wall clock's: whether any was written since the visit began."""


def test_nothing_that_runs_in_a_visit_looks_at_the_wall_clock() -> None:
    files = [
        path for room in ("services", "shared") for kind in ("py", "js") for path in (ROOT / room).rglob(f"*.{kind}")
    ]
    lookers = {
        str(path.relative_to(ROOT)) for path in files if WALL_CLOCK.search(path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert lookers == MAY_LOOK


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_a_browser_whose_clock_jumps_is_heard_by_its_arrivals(jump_s: float) -> None:
    microphone, now = Microphone(), 5000.0
    times = []
    for seq in range(200):
        told = now + seq * 0.02 + (jump_s if seq >= 100 else 0.0)
        times += [at for _, at in microphone.take(Audio(seq=seq, pcm=bytes(640), captured_at=told), now + seq * 0.02)]
    assert times == pytest.approx([now + seq * 0.02 for seq in range(200)], abs=0.01)


@pytest.fixture
async def bus(redis_server: RedisServer) -> AsyncIterator[RedisBus]:
    bus = RedisBus(redis_server.url)
    yield bus
    await bus.close()


@pytest.mark.redis
async def test_redis_set_forward_by_an_hour_keeps_a_visit_and_the_lease_is_taken_back(bus: RedisBus) -> None:
    lease = await bus.acquire("v", "asr", "us", 1.0)
    assert lease
    hearing = Output(key("v", "hearing"), StreamId(1, 1), b"x", 10)
    await bus.commit(lease, [hearing], {key("v", "microphone"): StreamId(0, 9)})
    await set_forward(bus, HOUR_S)
    assert await bus.renew(lease, 1.0)
    assert await bus.tail(key("v", "hearing")) == StreamId(1, 1)
    successor = await bus.acquire("v", "asr", "next", 1.0)
    assert successor is None, "the lease is ours again"


async def set_forward(bus: RedisBus, seconds: int) -> None:
    """What happens to every key when the server's clock jumps: those with less time to live are gone."""
    for name in await bus._servers.call("", "KEYS", "*"):
        left_ms = await bus._servers.call("", "PTTL", name)
        if left_ms >= 0:
            await bus._servers.call("", "PEXPIRE", name, left_ms - seconds * 1000)


def test_the_host_clock_is_the_monotonic_one() -> None:
    import time

    before = time.monotonic()
    assert before <= HostClock().now() <= time.monotonic()
