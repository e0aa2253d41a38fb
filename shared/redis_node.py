"""One Redis server: a line for what it answers at once, and lines for reads, each of which blocks its own."""

import asyncio
import contextlib
from typing import Any

import msgspec

from shared.redis_line import Address, Argument, RedisLine


class RedisNode:
    """Errors are as they come: hiredis.ReplyError, OSError. Lines are opened when they are needed, and anew when they broke."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._line: asyncio.Task[RedisLine] | None = None
        """A task while it is being opened, so that all who need it wait for the same."""
        self._idle: list[RedisLine] = []
        self._at = ""

    async def line(self) -> RedisLine:
        """The line for what is answered at once."""
        if self._line and self._line.done():
            if not self._line.cancelled() and not self._line.exception() and self._line.result().is_open:
                return self._line.result()
            self._line = None
        if self._line is None:
            self._line = asyncio.create_task(self._open())
        return await asyncio.shield(self._line)

    async def _open(self) -> RedisLine:
        """A new line: first to where the server was the last time.

        A container that restarts keeps its address but has no name meanwhile, and who asks for the name just then waits five seconds.
        """
        if self._at:
            with contextlib.suppress(OSError):
                return await RedisLine.open(msgspec.structs.replace(self.address, at=self._at))
        line = await RedisLine.open(self.address)
        self._at = line.at
        return line

    async def read(self, command: tuple[Argument, ...]) -> Any:
        """Send a command that may block."""
        line = self._idle.pop() if self._idle else await self._open()
        try:
            reply = await line.call(*command)
        except BaseException:
            line.close()  # whoever is cancelled while reading leaves a line that still owes a reply
            raise
        self._idle.append(line)
        return reply

    def close(self) -> None:
        """Hang up."""
        for line in self._idle:
            line.close()
        self._idle.clear()
        if self._line:
            self._line.cancel()
            if self._line.done() and not self._line.cancelled() and not self._line.exception():
                self._line.result().close()
