"""The whole mirror on this machine: a Redis of its own and the six services, kept running and stopped without a trace."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from rig.crew import Crew
from rig.niceness import NICENESS
from rig.options import Options, Plan, plan
from rig.pairs import BOUND
from rig.ram_disk import private_folder
from rig.redis_server import RedisServer
from rig.service import Service
from shared.errors import BusUnavailable, EngineUnavailable, MirrorError
from shared.events import Heartbeat, understood
from shared.redis_bus import RedisBus
from shared.streams import STAGES as HEARTBEATS
from shared.streams import START

READY_PATIENCE_S = 120.0
"""Loading every embedded engine takes 3 to 10 s on 2 quiet cores; a busy machine may need many times that."""

Watcher = Callable[[dict[str, str]], None]
"""Told each crew's state whenever one changes: starting, warming, ready, degraded, stopping."""


class Mirror(msgspec.Struct, frozen=True, kw_only=True):
    """A running mirror: where it is, how to get in, and a hold on its parts."""

    kiosk_urls: dict[str, str]
    """By name; one, `mirror`, if none are named."""
    operator_url: str
    socket_url: str
    """What a kiosk connects to."""
    kiosk_token: str
    operator_token: str
    redis: RedisServer
    crews: dict[str, Crew]
    """Per stage its replicas; of a stage that each mirror has for itself, per `STAGE@KIOSK`."""
    logs: str
    """Folder of the services' logs; gone with the mirror."""
    heartbeats: dict[str, Heartbeat]
    """The newest of each stage; kept up to date."""
    workers: dict[str, Heartbeat]
    """The newest of each worker that ever was; kept up to date."""

    @property
    def kiosk_url(self) -> str:
        """Of the first."""
        return next(iter(self.kiosk_urls.values()))

    @property
    def services(self) -> dict[str, Service]:
        """The first replica of each crew."""
        return {stage: crew.replicas[0] for stage, crew in self.crews.items()}


@asynccontextmanager
async def running_mirror(
    options: Options, watch: Watcher | None = None, redis: Callable[[Path], RedisServer] = RedisServer
) -> AsyncIterator[Mirror]:
    """Everything up and warm; everything gone afterwards, however it ends. Use from the main thread.

    Args:
        options: What runs, and how.
        watch: Told of each stage's state.
        redis: Makes the server in a folder; tests bring one that is guarded.

    Raises:
        ConfigError, BadInput: The options cannot be used; nothing was started.
        BusUnavailable: There is no Redis to be had.
        EngineUnavailable: A service ended before it was ready, or is not ready in time.
    """
    planned = plan(options, os.environ)
    with private_folder("run") as folder:
        server = redis(folder / "redis")
        server.start()
        try:
            async with asyncio.TaskGroup() as group:
                mirror = _mirror(planned, server, group)
                beside = [
                    group.create_task(_keep_redis(server)),
                    group.create_task(_watch_heartbeats(mirror, watch or (lambda _: None))),
                ]
                await _wait_until_ready(mirror)
                yield mirror
                for task in beside:
                    task.cancel()
                for crew in mirror.crews.values():
                    crew.stop_keeping()
        except BaseExceptionGroup as group_error:
            raise first_cause(group_error) from group_error
        finally:
            server.stop()


def _mirror(planned: Plan, server: RedisServer, group: asyncio.TaskGroup) -> Mirror:
    folder = server.folder.parent
    scratch = folder / "scratch"
    scratch.mkdir(mode=0o700)
    # Whatever a library writes to a temporary file lands on the RAM disk, and is counted by the wipe's receipt.
    places = {"TMPDIR": str(scratch), "MIRROR_SCRATCH": str(scratch)}
    environment = {**planned.environment, **places, "REDIS_URL": server.url}
    address = f"127.0.0.1:{planned.port}"
    crews = {crew.name: crew for crew in _crews(planned, environment, folder, group)}
    for crew in crews.values():
        for _ in range(planned.replicas.get(crew.stage, 1)):
            crew.more()
    kiosk_token, operator_token = (planned.environment[f"MIRROR_{who}_TOKEN"] for who in ("KIOSK", "OPERATOR"))
    return Mirror(
        kiosk_urls={name: f"http://{address}/?kiosk={name}&token={kiosk_token}" for name in planned.pairs}
        or {"mirror": f"http://{address}/?token={kiosk_token}"},
        operator_url=f"http://{address}/operator?token={operator_token}",
        socket_url=f"ws://{address}/kiosk/socket",
        kiosk_token=kiosk_token,
        operator_token=operator_token,
        redis=server,
        crews=crews,
        logs=str(folder),
        heartbeats={},
        workers={},
    )


def _crews(planned: Plan, environment: dict[str, str], folder: Path, group: asyncio.TaskGroup) -> Iterator[Crew]:
    for stage in planned.stages:
        whose = planned.pairs if planned.pairs and stage in BOUND else {"": {}}
        for kiosk, different in whose.items():
            yield Crew(stage, _maker(stage, planned, {**environment, **different}, folder), group, kiosk)


def _maker(stage: str, planned: Plan, environment: dict[str, str], folder: Path) -> Callable[[str], Service]:
    command = (*planned.launcher, f"{planned.package}.{stage}")
    return lambda name: Service(name, command, environment, folder / f"{name}.log", niceness=NICENESS.get(stage, 0))


def first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error a person should read: our own if there is one, else the first."""
    ours = group.subgroup(MirrorError)
    chosen: BaseException = ours if ours is not None else group
    while isinstance(chosen, BaseExceptionGroup):
        chosen = chosen.exceptions[0]
    return chosen


async def _keep_redis(server: RedisServer) -> None:
    """Redis that died comes back with what it had: the append-only file is still on the RAM disk."""
    while True:
        await asyncio.sleep(0.1)
        if server.process is not None and server.process.poll() is not None:
            server.spawn()
            await asyncio.to_thread(server.wait_until_it_answers)  # whoever plays a kiosk in this loop goes on


async def _watch_heartbeats(mirror: Mirror, watch: Watcher) -> None:
    bus = RedisBus(mirror.redis.url)
    states = dict.fromkeys(mirror.crews, "starting")
    watch(states)
    cursor = START
    try:
        while True:
            try:
                entries = await bus.read({HEARTBEATS: cursor}, wait_s=0.5)
            except BusUnavailable:
                await asyncio.sleep(0.1)  # it is being restarted
                continue
            for entry in entries:
                cursor = entry.id
                beat = understood(entry.payload)
                if isinstance(beat, Heartbeat):
                    _note(mirror, beat, states, watch)
    finally:
        await bus.close()


def _note(mirror: Mirror, beat: Heartbeat, states: dict[str, str], watch: Watcher) -> None:
    mirror.heartbeats[beat.stage] = mirror.workers[beat.worker] = beat
    crew = next((crew for crew in mirror.crews.values() if crew.note(beat)), None)
    if crew and states[crew.name] != beat.state:
        states[crew.name] = beat.state
        watch(states)


async def _wait_until_ready(mirror: Mirror) -> None:
    services = [service for crew in mirror.crews.values() for service in crew.replicas]
    try:
        async with asyncio.timeout(READY_PATIENCE_S):
            for service in services:
                await service.ready.wait()
    except TimeoutError as error:
        late = [f"{s.name} ({s.last_words()})" for s in services if not s.ready.is_set()]
        raise EngineUnavailable(f"not ready after {READY_PATIENCE_S:.0f} s: {'; '.join(late)}") from error
