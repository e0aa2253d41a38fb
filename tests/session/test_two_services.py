"""Two real session services on one real Redis: the second stands by, says so in one line, and takes over from one that is killed."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, Process

import pytest
from websockets.asyncio.client import connect

from rig.redis_server import RedisServer, free_port
from shared import kiosk_wire as wire

pytestmark = [pytest.mark.redis, pytest.mark.slow]


async def service(redis_server: RedisServer, port: int) -> Process:
    environment = {
        **os.environ,
        "REDIS_URL": redis_server.url,
        "MIRROR_SESSION__PORT": str(port),
        "MIRROR_KIOSK_TOKEN": "k",
        "MIRROR_OPERATOR_TOKEN": "o",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.session", env=environment, stdout=PIPE, stderr=STDOUT
    )


async def answer(port: int) -> wire.DownMessage:
    """The first thing a kiosk is told, once somebody listens."""
    while True:
        try:
            async with connect(f"ws://127.0.0.1:{port}/kiosk/socket") as socket:
                await socket.send(wire.encode(wire.Hello(token="k")))
                return wire.decode_down(await socket.recv(decode=False))
        except OSError:
            await asyncio.sleep(0.1)


async def test_the_second_stands_by_and_takes_over(redis_server: RedisServer) -> None:
    ports = free_port(), free_port()
    first = await service(redis_server, ports[0])
    assert isinstance(await answer(ports[0]), wire.Welcome)
    second = await service(redis_server, ports[1])
    try:
        assert second.stdout
        while b"standing by" not in (line := await second.stdout.readline()):
            assert line, "it ended"
        refused = await answer(ports[1])
        assert isinstance(refused, wire.Refused)
        assert "another session service" in refused.detail
        first.kill()
        while not isinstance(await answer(ports[1]), wire.Welcome):
            await asyncio.sleep(0.1)
    finally:
        for process in (first, second):
            if process.returncode is None:
                process.kill()
            await process.wait()
