"""One Redis server: a line for what it answers at once, and lines for reads, each of which blocks its own."""

import asyncio
from typing import Any

from shared.redis_line import Address, Argument, RedisLine


class RedisNode:
    """Errors are as they come: hiredis.ReplyError, OSError. Lines are opened when they are needed, and anew when they broke."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._line: asyncio.Task[RedisLine] | None = None
        """A task while it is being opened, so that all who need it wait for the same."""
        self._idle: list[RedisLine] = []

    async def line(self) -> RedisLine:
        """The line for what is answered at once."""
        if self._line and self._line.done():
            if not self._line.cancelled() and not self._line.exception() and self._line.result().is_open:
                return self._line.result()
            self._line = None
        if self._line is None:
            self._line = asyncio.create_task(RedisLine.open(self.address))
        return await asyncio.shield(self._line)

    async def read(self, command: tuple[Argument, ...]) -> Any:
        """Send a command that may block."""
        line = self._idle.pop() if self._idle else await RedisLine.open(self.address)
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
