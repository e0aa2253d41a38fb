"""A server of a Redis Cluster dies with a visit on it: its replica takes over, and the visit goes on. docs/adr/0171."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import redis
from redis.crc import key_slot

from rig.redis_server import RedisServer
from shared.bus import Entry, Lease, Output
from shared.clock import HostClock
from shared.errors import BusUnavailable
from shared.events import ReplyClause, ReplyRequest, ScenePrompt, SessionOpened, decode, encode
from shared.freshness import Freshness
from shared.outlet import LeasedOutlet
from shared.redis_bus import RedisBus
from shared.runner import StageRunner
from shared.streams import SESSIONS, START, StreamId, key
from tests.support.echo_stage import SumStage
from tests.support.redis_kinds import ClusterRedis, cluster_redis

pytestmark = [pytest.mark.redis, pytest.mark.slow]

FIRST = next(name for name in map(str, range(99)) if key_slot(name.encode()) < 5461)
SECOND = next(name for name in map(str, range(99)) if 5461 <= key_slot(name.encode()) < 10923)
"""A visit on the first server and one on the second; each has a replica, and is the one that is named in its test's address."""
NUMBERS = range(1, 61)
DIES_AT = 20
PROMPT = ScenePrompt(scene="s", goal="g", persona="p")


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterRedis]:
    # A busy machine must not make it take a living server for dead.
    with cluster_redis(timeout_ms=15_000, replicas=2) as servers:
        yield servers


@asynccontextmanager
async def bus_on(server: RedisServer) -> AsyncIterator[RedisBus]:
    bus = RedisBus(server.url)
    try:
        await bus.check_server()
        yield bus
    finally:
        await bus.close()


async def lease_of(bus: RedisBus, session: str) -> Lease:
    lease = await bus.acquire(session, "session", "us", 1.0)
    assert lease
    return lease


async def patient_read(bus: RedisBus, name: str, after: StreamId) -> list[Entry]:
    """As every reader of ours does: a bus that is away is asked again."""
    while True:
        try:
            return await bus.read({name: after}, wait_s=0.2)
        except BusUnavailable:
            await asyncio.sleep(0.05)


async def test_a_visit_goes_on_when_its_server_dies_in_order_and_with_nothing_twice(cluster: ClusterRedis) -> None:
    """Real runners, whose answers are running sums: one that is lost, doubled or out of order makes all later ones wrong."""
    dies = cluster.servers[0]
    async with bus_on(dies) as ours, bus_on(dies) as one, bus_on(dies) as other, asyncio.timeout(30):
        stop = asyncio.Event()
        answers: list[Entry] = []
        has_died = False
        async with asyncio.TaskGroup() as group:
            for bus in (one, other):
                group.create_task(StageRunner(SumStage(), bus, HostClock()).run(stop))
            await ours.append(SESSIONS, encode(SessionOpened(session=FIRST, kiosk="k", language="en", script="s")), 9)
            group.create_task(_ask(LeasedOutlet(ours, await lease_of(ours, FIRST), HostClock(), Freshness())))
            while len(answers) < len(NUMBERS):
                answers += await patient_read(ours, key(FIRST, "reply"), answers[-1].id if answers else START)
                if len(answers) >= DIES_AT and not has_died:
                    has_died = True
                    await _die(cluster, 0, ours)
            stop.set()
        assert [entry.id for entry in answers] == [StreamId(number, 1) for number in NUMBERS]
        said = [decode(entry.payload) for entry in answers]
        sums = [int(event.text) for event in said if isinstance(event, ReplyClause)]
        assert sums == [sum(NUMBERS[: count + 1]) for count in range(len(NUMBERS))]
        assert ours._servers._of(key(FIRST, "reply")).address.port == cluster.replicas[0].port
        assert await ours.wipe(FIRST) == 0


async def _die(cluster: ClusterRedis, number: int, bus: RedisBus) -> None:
    """Kill a server that somebody speaks with; only when that has been noticed its replica takes over."""
    cluster.servers[number].kill()
    with pytest.raises(BusUnavailable):
        await bus.range(key((FIRST, SECOND)[number], "hearing"), START)
    cluster.take_over(number)


async def _ask(outlet: LeasedOutlet) -> None:
    for number in NUMBERS:
        request = ReplyRequest(turn=number, seq=1, utterance=number, said=str(number), language="en", prompt=PROMPT)
        await outlet.publish(request)
        await asyncio.sleep(0.02)


async def test_what_the_replica_did_not_get_is_lost_by_whole_commits_from_the_end_and_the_visit_goes_on(
    cluster: ClusterRedis,
) -> None:
    """Replication is asynchronous: an answer to a commit does not say that the replica has it. Here its line is cut first."""
    hearing, microphone = key(SECOND, "hearing"), key(SECOND, "microphone")
    dies, replica = cluster.servers[1], cluster.replicas[1]
    async with bus_on(dies) as bus, asyncio.timeout(30):
        lease = await lease_of(bus, SECOND)

        async def commit(number: int) -> int:
            outputs = [Output(hearing, StreamId(number, half), b"%d" % number, 99) for half in (1, 2)]
            return await bus.commit(lease, outputs, {microphone: StreamId(number, 1)})

        assert [await commit(number) for number in (1, 2, 3)] == [2, 2, 2]
        assert await bus._servers.call(hearing, "WAIT", 1, 5000) == 1
        _cut_off(replica, dies)
        assert [await commit(number) for number in (4, 5)] == [2, 2], "acknowledged, and lost all the same"
        seen = await bus.read({hearing: START}, wait_s=0.2)
        await _die(cluster, 1, bus)
        kept = [entry.id.turn for entry in await patient_range(bus, hearing)]
        assert kept == [1, 1, 2, 2, 3, 3]
        assert await commit(6) == 2, "the lease has outlived the server"
        assert [entry.id.turn for entry in await patient_read(bus, hearing, seen[-1].id)] == [6, 6]
        assert await commit(5) == 0, "what is behind the newest is refused: nothing comes late"


async def patient_range(bus: RedisBus, name: str) -> list[Entry]:
    while True:
        try:
            return await bus.range(name, START)
        except BusUnavailable:
            await asyncio.sleep(0.05)


def _cut_off(replica: RedisServer, primary: RedisServer) -> None:
    with redis.Redis.from_url(primary.url) as from_there, redis.Redis.from_url(replica.url) as here:
        here.config_set("masterauth", "no more")
        from_there.execute_command("CLIENT KILL", "TYPE", "replica")
