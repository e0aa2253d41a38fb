"""The whole mirror on this machine: a Redis of its own and the six services, kept running and stopped without a trace."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from rig.crew import Crew
from rig.options import Options, Plan, plan
from rig.ram_disk import private_folder
from rig.redis_server import RedisServer
from rig.service import NICENESS, Service
from shared.errors import BusUnavailable, EngineUnavailable, MirrorError
from shared.events import Heartbeat, understood
from shared.redis_bus import RedisBus
from shared.streams import STAGES as HEARTBEATS
from shared.streams import START

READY_PATIENCE_S = 120.0
"""Loading every embedded engine takes 3 to 10 s on 2 quiet cores; a busy machine may need many times that."""

Watcher = Callable[[dict[str, str]], None]
"""Told each stage's state whenever one changes: starting, warming, ready, degraded, stopping."""


class Mirror(msgspec.Struct, frozen=True, kw_only=True):
    """A running mirror: where it is, how to get in, and a hold on its parts."""

    kiosk_url: str
    operator_url: str
    socket_url: str
    """What a kiosk connects to."""
    kiosk_token: str
    operator_token: str
    redis: RedisServer
    crews: dict[str, Crew]
    """Per stage: its replicas."""
    logs: str
    """Folder of the services' logs; gone with the mirror."""
    heartbeats: dict[str, Heartbeat]
    """The newest of each stage; kept up to date."""
    workers: dict[str, Heartbeat]
    """The newest of each worker that ever was; kept up to date."""

    @property
    def services(self) -> dict[str, Service]:
        """The first replica of each stage."""
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
            raise _first_cause(group_error) from group_error
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
    crews = {stage: Crew(stage, _maker(stage, planned, environment, folder), group) for stage in planned.stages}
    for stage, crew in crews.items():
        for _ in range(planned.replicas.get(stage, 1)):
            crew.more()
    return Mirror(
        kiosk_url=f"http://{address}/?token={planned.kiosk_token}",
        operator_url=f"http://{address}/operator?token={planned.operator_token}",
        socket_url=f"ws://{address}/kiosk/socket",
        kiosk_token=planned.kiosk_token,
        operator_token=planned.operator_token,
        redis=server,
        crews=crews,
        logs=str(folder),
        heartbeats={},
        workers={},
    )


def _maker(stage: str, planned: Plan, environment: dict[str, str], folder: Path) -> Callable[[str], Service]:
    command = (*planned.launcher, f"{planned.package}.{stage}")
    return lambda name: Service(name, command, environment, folder / f"{name}.log", niceness=NICENESS.get(stage, 0))


def _first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
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
                if isinstance(beat, Heartbeat) and beat.stage in states:
                    _note(mirror, beat, states, watch)
    finally:
        await bus.close()


def _note(mirror: Mirror, beat: Heartbeat, states: dict[str, str], watch: Watcher) -> None:
    mirror.heartbeats[beat.stage] = mirror.workers[beat.worker] = beat
    mirror.crews[beat.stage].note(beat)
    if states[beat.stage] != beat.state:
        states[beat.stage] = beat.state
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
