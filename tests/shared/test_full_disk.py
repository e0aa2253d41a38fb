"""Redis has no room left, on its disk or in its memory: plain words, no event lost, and it goes on once there is room again."""

import asyncio
import logging
import resource
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pytest
import redis

from rig.ram_disk import private_folder
from rig.redis_server import RedisServer
from shared.bus import Output
from shared.bus_trouble import BusTrouble
from shared.clock import HostClock
from shared.errors import BusUnavailable
from shared.events import LineWanted
from shared.freshness import Freshness
from shared.outlet import LeasedOutlet
from shared.redis_bus import RedisBus
from shared.streams import START, StreamId, key

pytestmark = pytest.mark.redis

ROOM = "4m"
Leave = Callable[[bool], object]
"""Takes the room, or gives it back."""

OWN_DISK = """#!/bin/sh
exec unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o size={room} none {folder} && exec {binary} -'
"""
"""Starts Redis with a small RAM disk of its own where its folder is; the process stays the one that was started."""


@contextmanager
def limited() -> Iterator[tuple[RedisServer, Leave]]:
    """No file of its may grow."""
    with private_folder("full") as folder:
        server = RedisServer(folder / "redis")
        server.start()

        def leave_room(is_there: bool) -> None:
            assert server.process
            limit = resource.RLIM_INFINITY if is_there else 1
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

        try:
            yield server, leave_room
        finally:
            server.stop()


@contextmanager
def out_of_memory() -> Iterator[tuple[RedisServer, Leave]]:
    """Its memory is full, and nothing may be thrown out."""
    with private_folder("full") as folder:
        server = RedisServer(folder / "redis")
        server.start()
        client = redis.Redis.from_url(server.url)
        try:
            yield server, lambda is_there: client.config_set("maxmemory", "0" if is_there else "1")
        finally:
            client.close()
            server.stop()


@contextmanager
def full_tmpfs() -> Iterator[tuple[RedisServer, Leave]]:
    """A RAM disk of 4 MB with a file on it that takes all that is left."""
    with private_folder("full") as folder:
        server = RedisServer(folder / "redis")
        wrapper = folder / "redis-on-its-own-disk"
        wrapper.write_text(OWN_DISK.format(room=ROOM, folder=server.folder, binary=server.binary))
        wrapper.chmod(0o700)
        server.binary = wrapper
        server.start()
        assert server.process
        filler = Path(f"/proc/{server.process.pid}/root") / server.folder.relative_to("/") / "filler"

        def leave_room(is_there: bool) -> None:
            if is_there:
                filler.unlink()
                return
            with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
                fill(file)

        try:
            yield server, leave_room
        finally:
            server.stop()


def fill(file: IO[bytes]) -> None:
    while True:
        file.write(bytes(4096))


def may_mount() -> bool:
    command = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return bool(shutil.which("unshare")) and subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture(params=[limited, out_of_memory, full_tmpfs])
def full(request: pytest.FixtureRequest) -> Iterator[tuple[RedisServer, Leave]]:
    if request.param is full_tmpfs and not may_mount():
        pytest.skip("no mount namespaces here: a RAM disk of its own cannot be had")
    with ExitStack() as stack:
        yield stack.enter_context(request.param())


@pytest.fixture
async def bus(full: tuple[RedisServer, Leave]) -> AsyncIterator[RedisBus]:
    bus = RedisBus(full[0].url)
    yield bus
    await bus.close()


async def refusal(bus: RedisBus) -> str:
    """What a writer is told, once Redis has noticed."""
    async with asyncio.timeout(10):
        while True:
            try:
                await bus.append("mirror:stages", b"beat" * 1000, 9)
            except BusUnavailable as error:
                return str(error)
            await asyncio.sleep(0.05)


async def test_it_says_what_is_wrong_and_everything_that_waited_is_written_once(
    full: tuple[RedisServer, Leave], bus: RedisBus
) -> None:
    _, leave_room = full
    lease = await bus.acquire("v", "session", "us", 600.0)
    assert lease
    outlet = LeasedOutlet(bus, lease, HostClock(), Freshness())
    leave_room(False)
    assert "RAM disk full" in await refusal(bus)
    line = LineWanted(turn=2, seq=1, line="a", text="a", language="en", voice="host")
    waiting = asyncio.create_task(outlet.publish(line))
    await asyncio.wait({waiting}, timeout=0.5)
    assert not waiting.done()
    assert await bus.tail(key("v", "lines")) == START, "reading goes on"
    leave_room(True)
    async with asyncio.timeout(10):
        await waiting
    assert [entry.id for entry in await bus.range(key("v", "lines"), START)] == [StreamId(2, 1)]
    assert await bus.commit(lease, [Output(key("v", "lines"), StreamId(2, 1), b"again", 9)]) == 0


def test_a_process_says_it_once_and_once_that_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    trouble = BusTrouble()
    with caplog.at_level(logging.INFO):
        for told in ("Redis has no room to write (MISCONF x ...)", "Redis has no room to write (OOM y ...)", "", ""):
            trouble.note(told, "writing")
            trouble.note("", "reading")
    assert [record.getMessage() for record in caplog.records] == [
        "Redis has no room to write (MISCONF x ...)", "Redis is back",
    ]  # fmt: skip
