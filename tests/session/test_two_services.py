"""Real session services on a real Redis: the second stands by, says so in one line, and takes over from one that is killed."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, Process

import pytest
from websockets.asyncio.client import connect

from rig.redis_server import RedisServer, free_port
from shared import kiosk_wire as wire

pytestmark = [pytest.mark.redis, pytest.mark.slow]


async def service(redis_server: RedisServer, port: int, operator: str = "o", **more: str) -> Process:
    environment = {
        **os.environ,
        **more,
        "REDIS_URL": redis_server.url,
        "MIRROR_SESSION__PORT": str(port),
        "MIRROR_KIOSK_TOKEN": "k",
        "MIRROR_OPERATOR_TOKEN": operator,
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


async def test_no_token_reaches_the_log_however_much_it_tells(redis_server: RedisServer) -> None:
    token, port = "told-to-nobody", free_port()
    only = await service(redis_server, port, token, LOG_LEVEL="DEBUG")
    await answer(port)
    async with connect(f"ws://127.0.0.1:{port}/operator/socket?token={token}") as page:
        assert json.loads(await page.recv())["type"] == "state"
    only.terminate()
    said, _ = await only.communicate()
    assert b"listening" in said
    assert token.encode() not in said
