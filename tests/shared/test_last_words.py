"""A service that cannot start: one line in its log, and the same words on the board."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from rig.redis_server import RedisServer
from shared.errors import BusUnavailable, ConfigError
from shared.events import Heartbeat, decode
from shared.last_words import tell_failed_start
from shared.redis_bus import RedisBus
from shared.redis_line import address_of
from shared.streams import STAGES, START


def started(**environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.llm"]
    return subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=False, timeout=60)


def on_the_board(url: str) -> list[Heartbeat]:
    async def read() -> list[Heartbeat]:
        bus = RedisBus(url)
        try:
            found = [decode(entry.payload) for entry in await bus.range(STAGES, START)]
        finally:
            await bus.close()
        return [one for one in found if isinstance(one, Heartbeat)]

    return asyncio.run(read())


@pytest.mark.redis
def test_a_setting_that_cannot_be_is_told_in_the_log_and_on_the_board(redis_server: RedisServer) -> None:
    done = started(REDIS_URL=redis_server.url, MIRROR_LLM__ENGINE="improvisor")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    told = on_the_board(redis_server.url)
    assert [(one.stage, one.state) for one in told] == [("llm", "failed")]
    assert "did you mean 'improviser'?" in told[0].last_error
    assert line.endswith(told[0].last_error)


@pytest.mark.redis
def test_a_wrong_password_is_one_line_without_the_password(redis_server: RedisServer) -> None:
    done = started(REDIS_URL=redis_server.url.replace(redis_server.password, "not-its-password"))
    assert done.returncode == 4
    [line] = done.stderr.splitlines()
    assert line.endswith("Redis refuses the password in REDIS_URL; give redis://:PASSWORD@host:port/0")


def old_server(
    version: str, gone: asyncio.Event
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """A Redis of that age, as far as it is asked. Below 6 it knows no HELLO, and repeats what it was told."""

    def answer(said: bytes) -> bytes:
        words = said.split(b"\r\n")[2::2]
        if b"HELLO" in said and version < "6":
            return b"-ERR unknown command `HELLO`, with args beginning with: `%s`\r\n" % b"`, `".join(words[1:])
        if b"HELLO" in said:
            return b"%1\r\n$5\r\nproto\r\n:3\r\n"
        if b"INFO" in said:
            about = f"redis_version:{version}\r\n".encode()
            return b"$%d\r\n%s\r\n" % (len(about), about)
        return b"+OK\r\n" * said.count(b"*")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(4096):
            writer.write(answer(said))
        writer.close()
        await writer.wait_closed()
        gone.set()

    return serve


@pytest.mark.parametrize(("version", "told"), [("5.0.14", "5.0.14"), ("6.0.16", "6.0.16")])
async def test_a_redis_that_is_too_old_is_refused_with_what_is_needed(version: str, told: str) -> None:
    gone = asyncio.Event()
    server = await asyncio.start_server(old_server(version, gone), "127.0.0.1", 0)
    bus = RedisBus(f"redis://:our-secret@127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    with pytest.raises(BusUnavailable) as refused:
        await bus.check_server()
    assert str(refused.value) == f"Redis {told} is too old; this needs 6.2 or newer, or any Valkey"
    await bus.close()
    await gone.wait()
    server.close()


@pytest.mark.parametrize("url", ["localhost:6379", "redis://:pass word@h:port/0", "redis://:secret@h:99999/0", ""])
def test_what_is_no_address_of_a_redis_is_said_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match="REDIS_URL is no address of a Redis") as refused:
        address_of(url)
    assert "secret" not in str(refused.value)


def test_who_finds_no_redis_to_tell_tells_nobody() -> None:
    asyncio.run(tell_failed_start("asr", "redis://127.0.0.1:1/0", "no weights"))
    asyncio.run(tell_failed_start("asr", "", "no weights"))
