"""One connection to Redis: replies in order, faults as OSError, addresses as redis-py writes them."""

import asyncio
from collections.abc import AsyncIterator, Callable

import hiredis
import pytest

from rig.redis_server import RedisServer
from shared import redis_line
from shared.redis_line import Address, RedisLine, address_of


@pytest.fixture
async def line(redis_server: RedisServer) -> AsyncIterator[RedisLine]:
    opened = await RedisLine.open(address_of(redis_server.url))
    yield opened
    opened.close()


@pytest.mark.redis
async def test_replies_come_in_the_order_of_the_calls(line: RedisLine) -> None:
    replies = [line.call("ECHO", str(number)) for number in range(200)]
    assert await asyncio.gather(*replies) == [str(number).encode() for number in range(200)]


@pytest.mark.redis
async def test_who_stops_waiting_takes_no_one_elses_reply(line: RedisLine) -> None:
    first, second = line.call("ECHO", "first"), line.call("ECHO", "second")
    first.cancel()
    assert await second == b"second"


@pytest.mark.redis
async def test_a_refused_command_harms_no_other(line: RedisLine) -> None:
    refused, fine = line.call("NOSUCH"), line.call("PING")
    with pytest.raises(hiredis.ReplyError, match="unknown command"):
        await refused
    assert await fine == b"PONG"


@pytest.mark.redis
async def test_a_server_that_dies_owes_an_error(redis_server: RedisServer, line: RedisLine) -> None:
    waiting = line.call("XREAD", "BLOCK", 0, "STREAMS", "nothing", "0-0")
    redis_server.stop()
    with pytest.raises(OSError, match="hung up"):
        await waiting
    with pytest.raises(OSError, match="closed"):
        await line.call("PING")
    assert not line.is_open


async def _serve(answer: Callable[[asyncio.StreamWriter], None]) -> tuple[asyncio.Server, Address]:
    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer(writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    return server, Address(host="127.0.0.1", port=server.sockets[0].getsockname()[1])


async def test_a_server_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_line, "SILENT_S", 0.05)
    server, address = await _serve(lambda _writer: None)
    async with server:
        line = await RedisLine.open(address)
        with pytest.raises(OSError, match="hung up"):
            await line.call("PING")


async def test_what_is_no_redis_is_an_error_and_no_hang() -> None:
    server, address = await _serve(lambda writer: writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    async with server:
        line = await RedisLine.open(address)
        with pytest.raises(OSError, match="hung up"):
            await line.call("PING")


def test_an_address_says_who_we_are() -> None:
    found = address_of("redis://mirror:secret@redis:6380/2")
    assert (found.host, found.port, found.greeting) == ("redis", 6380, (("AUTH", "mirror", "secret"), ("SELECT", 2)))
    assert address_of("redis://:secret@redis").greeting == (("AUTH", "secret"),)
    assert address_of("redis://redis").greeting == ()


def test_tls_and_sockets_are_asked_for_in_redis_py_s_words() -> None:
    assert address_of("rediss://redis:6379/0").tls is not None
    assert address_of("redis://redis:6379/0").tls is None
    assert address_of("unix:///run/redis.sock?db=1") == Address(path="/run/redis.sock", greeting=(("SELECT", 1),))
