"""One connection to Redis for what every event passes through: commands pipelined, replies in order, nothing in between.

redis-py reads the address. Its client costs 0.8 ms from one process to the next where this costs 0.35 (2 cores), and a
turn makes that way five times: docs/adr/0007-a-line-of-our-own-to-redis.md.
"""

import asyncio
from collections import deque
from pathlib import Path
from ssl import SSLContext
from typing import Any, cast

import hiredis
import msgspec
from redis.asyncio.connection import Connection, ConnectionPool, SSLConnection, UnixDomainSocketConnection

from shared.errors import ConfigError

CONNECT_S = 2.0

SILENT_S = 5.0
"""A server that owes a reply for this long is gone, whatever its socket says. Reads block for one second at most."""

Argument = str | bytes | int


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a Redis is and who we are to it."""

    host: str = ""
    port: int = 0
    at: str = ""
    """Where `host` was found to be: it is not looked up again."""
    path: str = ""
    """Of a Unix socket; then there is no host."""
    tls: SSLContext | None = None
    greeting: tuple[tuple[Argument, ...], ...] = ()
    """Commands every connection begins with: AUTH, SELECT."""


def address_of(url: str) -> Address:
    """The same addresses, in the same words, as redis-py takes: redis://, rediss:// and unix://, with its query settings.

    Raises:
        ConfigError: It is no such address, or a certificate it names cannot be read.
    """
    try:
        return _read(url)
    except (ValueError, TypeError):  # their text may hold the password
        raise ConfigError("REDIS_URL is no address of a Redis; give redis://:PASSWORD@host:port/0") from None
    except OSError as error:
        raise ConfigError(f"REDIS_URL: a certificate it names cannot be used: {error}") from error


def _read(url: str) -> Address:
    pool: Any = ConnectionPool.from_url(url)
    settings: Connection | UnixDomainSocketConnection = pool.make_connection()
    greeting: list[tuple[Argument, ...]] = []
    if settings.password:
        greeting.append(("AUTH", *([settings.username] if settings.username else []), settings.password))
    if settings.db:
        greeting.append(("SELECT", settings.db))
    if isinstance(settings, UnixDomainSocketConnection):
        return Address(path=settings.path, greeting=tuple(greeting))
    tls = _tls(settings) if isinstance(settings, SSLConnection) else None
    return Address(host=settings.host, port=settings.port, tls=tls, greeting=tuple(greeting))


def _tls(settings: SSLConnection) -> SSLContext:
    wanted = settings.ssl_context
    for name in (wanted.ca_certs, wanted.certfile, wanted.keyfile):
        if name and not Path(name).is_file():
            raise FileNotFoundError(f"there is no file {name}")  # OpenSSL would not say which
    return wanted.get()


class RedisLine(asyncio.Protocol):
    """Calls in, replies out, in order. A call that blocks at the server holds up those behind it: give it a line of its own."""

    def __init__(self) -> None:
        self._replies = hiredis.Reader()
        self._owed: deque[tuple[asyncio.Future[Any], float]] = deque()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._watch: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, address: Address) -> "RedisLine":
        """A line that has introduced itself.

        Raises:
            OSError: The server cannot be reached.
            hiredis.ReplyError: It refuses us.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S):
            if address.path:
                _, line = await loop.create_unix_connection(cls, address.path)
            else:
                name = address.host if address.tls else None
                _, line = await loop.create_connection(
                    cls, address.at or address.host, address.port, ssl=address.tls, server_hostname=name
                )
            try:
                for command in address.greeting:
                    await line.call(*command)
            except BaseException:
                line.close()
                raise
        return line

    @property
    def at(self) -> str:
        """The server's numeric address; empty for a Unix socket."""
        peer = self._transport.get_extra_info("peername") if self._transport else None
        return str(peer[0]) if isinstance(peer, tuple) else ""

    @property
    def is_open(self) -> bool:
        """Whether a call would be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def call(self, *command: Argument) -> asyncio.Future[Any]:
        """Send a command now; its reply comes when everything sent before it has been answered.

        The reply is bytes, int, None, a list of them, or raised: hiredis.ReplyError if the server refuses the command,
        OSError if the line breaks. Cancelling the future leaves the command with the server.
        """
        reply: asyncio.Future[Any] = self._loop.create_future()
        if self._transport is None or self._transport.is_closing():
            reply.set_exception(ConnectionResetError("the line to Redis is closed"))
            return reply
        self._owed.append((reply, self._loop.time()))
        self._transport.write(hiredis.pack_command(cast("tuple[Any]", command)))  # its stub knows one argument only
        return reply

    def close(self) -> None:
        """Hang up; what is still owed is an OSError."""
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._replies.feed(data)
        while True:
            try:
                reply = self._replies.gets()
            except hiredis.ProtocolError:
                self.close()  # whatever this is, it is no Redis
                return
            if reply is False:
                return
            future, _ = self._owed.popleft()
            if future.done():
                continue  # whoever waited was cancelled
            if isinstance(reply, hiredis.ReplyError):
                future.set_exception(reply)
            else:
                future.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        if self._watch:
            self._watch.cancel()
        for future, _ in self._owed:
            if not future.done():
                hung_up = ConnectionResetError(f"Redis hung up ({exc or 'end of stream'})")
                hung_up.__cause__ = exc
                future.set_exception(hung_up)
        self._owed.clear()

    def _look(self) -> None:
        """A server that was stopped, or a cable that was pulled, closes nothing."""
        if self._owed and self._loop.time() - self._owed[0][1] > SILENT_S:
            self.close()
            return
        self._watch = self._loop.call_later(SILENT_S / 4, self._look)
