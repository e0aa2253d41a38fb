"""The control: one worker stalls, another takes over, the first wakes up. With the fence the streams are whole, without it the check says so."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from rig.chaos.check_ids import check_ids
from rig.chaos.check_speech import Streams, check_voice
from rig.chaos.record import Noted, VisitRecord
from rig.chaos.run import UNFENCED
from rig.chaos.unfenced import UnfencedBus
from rig.chaos.world import LAUNCHER
from rig.redis_server import RedisServer
from rig.redis_server import redis_server as a_redis
from rig.service import ROOT
from shared.bus import Lease, Output
from shared.errors import Fenced
from shared.events import LineWanted, SpeechChunk, SpeechEnded, encode, understood
from shared.redis_bus import RedisBus
from shared.streams import START, StreamId, key

pytestmark = pytest.mark.redis

LINE = LineWanted(turn=2, seq=1, line="l", text="l", language="en", voice="host")
SPEECH: list[SpeechChunk | SpeechEnded] = [
    *(SpeechChunk(turn=2, seq=10 * index + 1, from_sample=2_400 * index, pcm=bytes(4_800)) for index in range(10)),
    SpeechEnded(turn=2, seq=9_999_999, samples=24_000),
]


def outputs(speech: list[SpeechChunk | SpeechEnded]) -> list[Output]:
    return [Output(key("s", "voice"), StreamId(event.turn, event.seq), encode(event), 1_000) for event in speech]


async def taken(bus: RedisBus, owner: str, ttl_s: float) -> Lease:
    while True:
        if lease := await bus.acquire("s", "tts", owner, ttl_s):
            return lease
        await asyncio.sleep(0.001)


async def a_worker_stalls_and_wakes(bus: RedisBus) -> Counter[str]:
    """Faults by kind."""
    stalled = await taken(bus, "stalled", ttl_s=0.001)
    await bus.commit(stalled, outputs(SPEECH[:5]))
    successor = await taken(bus, "successor", ttl_s=30.0)
    await bus.commit(successor, outputs(SPEECH))  # it speaks the line from its beginning
    with suppress(Fenced):  # as it should be
        await bus.commit(stalled, outputs(SPEECH[5:]))
    entries = await bus.range(key("s", "voice"), START)
    notes = [
        Noted("lines", StreamId(2, 1), LINE),
        *(Noted("voice", one.id, understood(one.payload)) for one in entries),
    ]
    visit = VisitRecord(session="s", entries=notes)
    return Counter(fault.kind for fault in [*check_ids(visit), *check_voice(Streams(visit))])


async def test_with_the_fence_nothing_is_twice_or_out_of_order() -> None:
    with a_redis() as server:
        bus = RedisBus(server.url)
        assert await a_worker_stalls_and_wakes(bus) == {}
        await bus.close()


async def test_without_the_fence_the_check_finds_what_is_twice_and_out_of_order() -> None:
    with a_redis() as server:
        bus = UnfencedBus(server.url)
        faults = await a_worker_stalls_and_wakes(bus)
        assert faults["twice"] >= 11
        assert set(faults) <= {"twice", "out_of_order"}
        await bus.close()


SERVICE = """
import asyncio
from shared.process import connect, redis_url

async def main():
    bus = await connect(redis_url({}))
    print(type(bus).__name__)
    await bus.close()

asyncio.run(main())
"""


@pytest.mark.parametrize(("launcher", "bus"), [(LAUNCHER, "RedisBus"), ((*LAUNCHER, *UNFENCED), "UnfencedBus")])
def test_a_service_opens_the_bus_without_a_fence_if_and_only_if_it_is_the_controls(
    redis_server: RedisServer, tmp_path: Path, launcher: tuple[str, ...], bus: str
) -> None:
    (tmp_path / "as_a_service.py").write_text(SERVICE)
    paths = os.pathsep.join((str(ROOT), str(tmp_path)))
    done = subprocess.run(
        [sys.executable, "-m", *launcher, "as_a_service"],
        env=os.environ | {"PYTHONPATH": paths, "REDIS_URL": redis_server.url},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == [bus]
