"""One contract for every bus: what MemoryBus does, Redis does."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from rig.ram_disk import private_folder
from rig.redis_server import RedisServer
from shared.bus import Bus, Lease, Output
from shared.clock import LoopClock
from shared.errors import Fenced
from shared.memory_bus import MemoryBus
from shared.redis_bus import RedisBus
from shared.streams import START, StreamId, key
from tests.support.redis_kinds import ClusterRedis, cluster_redis

SESSION = "visit"
HEARING = key(SESSION, "hearing")
MICROPHONE = key(SESSION, "microphone")
TTL_S = 0.2


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterRedis]:
    with cluster_redis() as servers:
        yield servers


@pytest.fixture(params=["memory", *(pytest.param(kind, marks=pytest.mark.redis) for kind in ("redis", "cluster"))])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    if request.param == "memory":
        yield MemoryBus(LoopClock())
        return
    if request.param == "cluster":
        servers: ClusterRedis = request.getfixturevalue("cluster")
        servers.clear()
        on_cluster = RedisBus(servers.url)
        yield on_cluster
        await on_cluster.close()
        return
    with private_folder("test") as folder:
        server = RedisServer(folder / "redis")
        server.start()
        bus = RedisBus(server.url)
        try:
            yield bus
        finally:
            await bus.close()
            server.stop()


async def lease_of(bus: Bus, owner: str = "first") -> Lease:
    lease = await bus.acquire(SESSION, "asr", owner, TTL_S)
    assert lease is not None
    return lease


def output(turn: int, seq: int, payload: bytes = b"x", cap: int = 100) -> Output:
    return Output(HEARING, StreamId(turn, seq), payload, cap)


async def ids(bus: Bus, name: str = HEARING) -> list[StreamId]:
    return [entry.id for entry in await bus.range(name, START)]


async def test_events_come_back_in_order_after_a_cursor(bus: Bus) -> None:
    lease = await lease_of(bus)
    await bus.commit(lease, [output(1, 1, b"a"), output(1, 2, b"b"), output(2, 1, b"c")])
    entries = await bus.read({HEARING: StreamId(1, 1)}, wait_s=0.1)
    assert [(entry.id, entry.payload) for entry in entries] == [(StreamId(1, 2), b"b"), (StreamId(2, 1), b"c")]


async def test_reading_from_the_next_turn_skips_the_rest_of_a_turn(bus: Bus) -> None:
    lease = await lease_of(bus)
    await bus.commit(lease, [output(3, 1), output(3, 900), output(4, 1)])
    assert [entry.id for entry in await bus.read({HEARING: StreamId(4, 0)}, wait_s=0.1)] == [StreamId(4, 1)]


async def test_a_repeated_id_is_refused_and_the_rest_of_the_commit_goes_in(bus: Bus) -> None:
    lease = await lease_of(bus)
    assert await bus.commit(lease, [output(1, 1), output(1, 2)]) == 2
    assert await bus.commit(lease, [output(1, 1), output(1, 2), output(1, 3)]) == 1
    assert await ids(bus) == [StreamId(1, 1), StreamId(1, 2), StreamId(1, 3)]


async def test_an_id_below_the_tail_is_refused(bus: Bus) -> None:
    lease = await lease_of(bus)
    await bus.commit(lease, [output(5, 1)])
    assert await bus.commit(lease, [output(4, 99)]) == 0
    assert await bus.tail(HEARING) == StreamId(5, 1)


async def test_a_wait_ends_when_something_comes(bus: Bus) -> None:
    lease = await lease_of(bus)
    waiting = asyncio.create_task(bus.read({HEARING: START}, wait_s=1.0))
    await asyncio.sleep(0.02)
    await bus.commit(lease, [output(1, 1)])
    assert [entry.id for entry in await waiting] == [StreamId(1, 1)]


async def test_a_wait_without_anything_ends_empty(bus: Bus) -> None:
    assert await bus.read({HEARING: START}, wait_s=0.02) == []


async def test_only_one_worker_holds_a_lease(bus: Bus) -> None:
    await lease_of(bus, "first")
    assert await bus.acquire(SESSION, "asr", "second", TTL_S) is None
    assert await bus.acquire(SESSION, "tts", "second", TTL_S) is not None


async def test_whoever_lost_the_lease_can_write_nothing(bus: Bus) -> None:
    first = await lease_of(bus, "first")
    await asyncio.sleep(TTL_S + 0.05)
    second = await lease_of(bus, "second")
    with pytest.raises(Fenced):
        await bus.commit(first, [output(1, 1)])
    assert not await bus.renew(first, TTL_S)
    assert await bus.commit(second, [output(1, 1)]) == 1
    assert second.token > first.token


async def test_an_expired_lease_that_nobody_took_is_still_ours(bus: Bus) -> None:
    lease = await lease_of(bus)
    await asyncio.sleep(TTL_S + 0.05)
    assert await bus.commit(lease, [output(1, 1)]) == 1
    assert await bus.renew(lease, TTL_S)


async def test_a_released_lease_is_free_at_once(bus: Bus) -> None:
    await bus.release(await lease_of(bus, "first"))
    assert await bus.acquire(SESSION, "asr", "second", TTL_S) is not None


async def test_a_successor_starts_at_the_checkpoint(bus: Bus) -> None:
    first = await lease_of(bus, "first")
    await bus.commit(first, [output(1, 1)], {MICROPHONE: StreamId(0, 17)})
    await bus.release(first)
    assert (await lease_of(bus, "second")).checkpoint == {MICROPHONE: StreamId(0, 17)}


async def test_attempts_rise_until_there_is_progress(bus: Bus) -> None:
    seen = []
    for owner in ("a", "b", "c"):
        lease = await lease_of(bus, owner)
        seen.append(lease.attempts)
        await asyncio.sleep(TTL_S + 0.05)
    await bus.commit(lease, [], {MICROPHONE: StreamId(0, 1)})
    await asyncio.sleep(TTL_S + 0.05)
    assert (seen, (await lease_of(bus, "d")).attempts) == ([1, 2, 3], 1)


async def test_a_capped_stream_keeps_the_newest(bus: Bus) -> None:
    lease = await lease_of(bus)
    for seq in range(1, 21):
        await bus.commit(lease, [output(1, seq, cap=4)])
    assert await ids(bus) == [StreamId(1, seq) for seq in (17, 18, 19, 20)]
    newest = await bus.newest(HEARING)
    assert newest is not None
    assert newest.id == StreamId(1, 20)


async def test_one_commit_writes_several_streams(bus: Bus) -> None:
    lease = await lease_of(bus)
    await bus.commit(lease, [output(1, 1), Output(key(SESSION, "voice_sample"), StreamId(1, 1), b"v", 10)])
    assert await ids(bus, key(SESSION, "voice_sample")) == [StreamId(1, 1)]


async def test_a_wipe_leaves_nothing_and_ends_every_lease(bus: Bus) -> None:
    lease = await lease_of(bus)
    await bus.commit(lease, [output(1, 1)])
    other = await bus.acquire("another", "asr", "first", TTL_S)
    assert other is not None
    assert await bus.wipe(SESSION) == 0
    with pytest.raises(Fenced):
        await bus.commit(lease, [output(1, 2)])
    assert await ids(bus) == []
    assert await bus.commit(other, []) == 0


async def test_streams_of_no_session_number_themselves(bus: Bus) -> None:
    first = await bus.append("mirror:stages", b"1", 10)
    second = await bus.append("mirror:stages", b"2", 10)
    assert first < second


async def test_streams_of_many_sessions_are_read_at_once(bus: Bus) -> None:
    for number in range(12):
        await bus.append(f"mirror:of:{number}", str(number).encode(), 10)
    found = await bus.read({f"mirror:of:{number}": START for number in range(12)}, wait_s=0.05)
    assert sorted(entry.payload for entry in found) == sorted(str(number).encode() for number in range(12))


@pytest.mark.redis
async def test_after_a_wipe_nothing_stands_in_the_append_only_file() -> None:
    with private_folder("test") as folder:
        server = RedisServer(folder / "redis")
        server.start()
        bus = RedisBus(server.url)
        try:
            lease = await lease_of(bus)
            await bus.commit(lease, [output(1, 1, b"the visitor's voice")])
            await bus.wipe(SESSION)
            left = [
                path for path in folder.rglob("*") if path.is_file() and b"the visitor's voice" in path.read_bytes()
            ]
            assert left == []
        finally:
            await bus.close()
            server.stop()


@pytest.mark.redis
async def test_what_is_fleeting_is_read_at_once_and_never_written_to_the_servers_log() -> None:
    with private_folder("test") as folder:
        server = RedisServer(folder / "redis")
        server.start()
        bus = RedisBus(server.url)
        try:
            picture = Output(key(SESSION, "mirror"), StreamId(0, 1), b"picture" * 1000, 8, is_fleeting=True)
            await bus.commit(await lease_of(bus), [output(1, 1), picture, output(1, 2)])
            assert await ids(bus, picture.key) == [StreamId(0, 1)]
            log = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
            assert b"hearing" in log
            assert b"picture" not in log
            await bus.close()
            server.kill()
            server.start()
            bus = RedisBus(server.url)
            assert await ids(bus) == [StreamId(1, 1), StreamId(1, 2)]
            assert await ids(bus, picture.key) == []
        finally:
            await bus.close()
            server.stop()
