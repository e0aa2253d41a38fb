"""One Redis server, found again."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

import pytest

from shared.redis_line import Address, RedisLine
from shared.redis_node import RedisNode


class Names:
    """What a name is looked up to; asking for it while it is not known never ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: str | None = None
        self.asked = 0
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", self._look_up)

    async def _look_up(self, host: str, port: int, **_: Any) -> list[Any]:
        assert host == "redis"
        self.asked += 1
        if self.known is None:
            await asyncio.Event().wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (self.known, port))]


async def _server(host: str, port: int = 0) -> asyncio.Server:
    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    return await asyncio.start_server(attend, host, port)


async def _hang_up(line: RedisLine) -> None:
    """And let both ends notice."""
    line.close()
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_server_that_was_away_is_found_without_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch)
    async with await _server("127.0.0.1") as server:
        node = RedisNode(Address(host="redis", port=server.sockets[0].getsockname()[1]))
        names.known = "127.0.0.1"
        await _hang_up(await node.line())
        names.known = None
        again = await node.line()
        assert again.is_open
        assert names.asked == 1
        await _hang_up(again)


async def test_a_server_that_moved_is_looked_up_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch)
    async with await _server("127.0.0.1") as before:
        port = before.sockets[0].getsockname()[1]
        node = RedisNode(Address(host="redis", port=port))
        names.known = "127.0.0.1"
        await _hang_up(await node.line())
    async with await _server("127.0.0.2", port):
        names.known = "127.0.0.2"
        again = await node.line()
        assert again.at == "127.0.0.2"
        await _hang_up(again)
