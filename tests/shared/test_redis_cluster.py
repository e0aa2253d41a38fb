"""A visit on a cluster of three: all its keys in one slot, commands sent on, a slot that moves in the middle of it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis
from redis.crc import key_slot

from rig.keys_left import keys_left
from rig.record.read import read_recording
from rig.wipe import _wipe_redis
from shared import streams
from shared.bus import Output
from shared.redis_bus import RedisBus
from shared.streams import CAP, DEFAULT_CAP, START, StreamId, key
from tests.support.redis_kinds import ClusterRedis, cluster_redis

pytestmark = pytest.mark.redis

TERSE = Path(__file__).resolve().parent.parent / "recordings" / "terse.mcap"


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterRedis]:
    with cluster_redis() as servers:
        yield servers


@pytest.fixture
async def bus(cluster: ClusterRedis) -> AsyncIterator[RedisBus]:
    cluster.clear()
    bus = RedisBus(cluster.url)
    yield bus
    await bus.close()


def test_every_key_of_a_session_is_in_one_slot() -> None:
    names = [*streams.WRITER, "control", "dead.asr", "asr.lease", "asr.state"]
    assert len({key_slot(key("visit", name).encode()) for name in names}) == 1


async def _write_visit(bus: RedisBus, session: str) -> dict[str, list[tuple[StreamId, bytes]]]:
    """All events of a recorded visit, each stream under its own writer's lease; what must be found afterwards."""
    wrote: dict[str, list[tuple[StreamId, bytes]]] = {}
    leases = {}
    for one in read_recording(TERSE).moments:
        stage = streams.WRITER.get(one.stream)
        if stage is None:
            continue
        if stage not in leases:
            leases[stage] = await bus.acquire(session, stage, "test", 30.0)
        lease = leases[stage]
        assert lease is not None
        cap = CAP.get(one.stream, DEFAULT_CAP)
        added = await bus.commit(lease, [Output(key(session, one.stream), one.id, one.payload, cap)])
        assert added == 1, one
        wrote.setdefault(one.stream, []).append((one.id, one.payload))
    return wrote


async def test_a_recorded_visit_goes_in_and_comes_out_in_order_on_every_server(bus: RedisBus) -> None:
    sessions = [f"visit{number}" for number in range(3)]
    nodes = set()
    for session in sessions:
        wrote = await _write_visit(bus, session)
        nodes.add(bus._servers._of(key(session, "voice")).address.port)
        for stream, events in wrote.items():
            found = [(entry.id, entry.payload) for entry in await bus.range(key(session, stream), START)]
            cap = CAP.get(stream, DEFAULT_CAP)
            assert found == events[-len(found) :]
            assert len(found) == len(events) if len(events) <= cap else len(found) >= cap
    assert len(nodes) > 1, "these sessions were meant to lie on different servers"
    assert [await bus.wipe(session) for session in sessions] == [0, 0, 0]


async def test_a_server_that_was_not_asked_in_the_address_answers_all_the_same(cluster: ClusterRedis) -> None:
    cluster.clear()
    for server in cluster.servers:
        bus = RedisBus(server.url)
        await bus.check_server()
        assert await bus.newest(key("visit", "hearing")) is None
        await bus.close()


@contextmanager
def moving_slot(cluster: ClusterRedis, slot: int) -> Iterator[None]:
    """A slot on its way from its server to the next: its keys are there already, its name arrives in the end."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(redis.Redis.from_url(server.url)) for server in cluster.servers]
        ids = [node.execute_command("CLUSTER MYID").decode() for node in nodes]
        before = next(number for number in range(3) if nodes[number].execute_command("CLUSTER COUNTKEYSINSLOT", slot))
        after = (before + 1) % 3
        nodes[after].execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[before])
        nodes[before].execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[after])
        place = cluster.servers[after]
        keys = nodes[before].execute_command("CLUSTER GETKEYSINSLOT", slot, 100)
        nodes[before].execute_command(
            "MIGRATE", "127.0.0.1", place.port, "", 0, 5000, "AUTH", place.password, "KEYS", *keys
        )
        yield
        for node in (nodes[after], nodes[before], nodes[3 - before - after]):
            node.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[after])


async def test_a_slot_that_moves_takes_its_visit_along(cluster: ClusterRedis, bus: RedisBus) -> None:
    """ASK while it is on its way, MOVED when it has arrived; events go on meanwhile, none lost, none twice."""
    session, name = "moving", key("moving", "hearing")
    lease = await bus.acquire(session, "asr", "test", 30.0)
    assert lease is not None
    await bus.commit(lease, [Output(name, StreamId(1, 1), b"a", 100)])
    with moving_slot(cluster, key_slot(name.encode())):
        assert await bus.commit(lease, [Output(name, StreamId(1, 2), b"b", 100)]) == 1
    assert await bus.commit(lease, [Output(name, StreamId(1, 2), b"b", 100)]) == 0
    assert await bus.commit(lease, [Output(name, StreamId(1, 3), b"c", 100)]) == 1
    assert [entry.payload for entry in await bus.range(name, START)] == [b"a", b"b", b"c"]
    assert [entry.payload for entry in await bus.read({name: START}, wait_s=0.1)] == [b"a", b"b", b"c"]


async def test_who_forgets_everyone_looks_at_every_server(cluster: ClusterRedis, bus: RedisBus) -> None:
    sessions = [f"visit{number}" for number in range(6)]
    for session in (*sessions, streams.HOUSE):
        await bus.acquire(session, "session", "test", 30.0)
    holders = {bus._servers._of(key(session, "*")).address.port for session in sessions}
    assert len(holders) == 3, "these sessions were meant to lie on all servers"
    for server in cluster.servers:
        assert [await keys_left(session, server.url) for session in sessions] == [2] * 6
    assert await _wipe_redis(cluster.url) == (12, 0)
    assert [await keys_left(session, cluster.url) for session in (*sessions, streams.HOUSE)] == [0] * 6 + [2]


async def test_a_wipe_while_the_visits_slot_is_on_its_way_finds_what_has_arrived_there(
    cluster: ClusterRedis, bus: RedisBus
) -> None:
    await bus.acquire("moving", "asr", "test", 30.0)
    with moving_slot(cluster, key_slot(b"moving")):
        assert len(await bus.keys(key("moving", "*"))) == 2
        assert await bus.wipe("moving") == 0
        assert await bus.keys(key("moving", "*")) == []
