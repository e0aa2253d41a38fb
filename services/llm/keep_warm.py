"""A peer that nobody has asked for a while is asked something small, so that the next visitor does not pay for waking it."""

import asyncio
from collections.abc import Awaitable, Callable


class KeepWarm:
    """Calls `ping` after each `idle_s` without a `touch`; `ping` must not raise."""

    def __init__(self, ping: Callable[[], Awaitable[None]], idle_s: float) -> None:
        self._ping = ping
        self._idle_s = idle_s
        self._touched_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def touch(self) -> None:
        """The peer was just asked something real."""
        self._touched_at = asyncio.get_running_loop().time()

    def start(self) -> None:
        """From now on; again harmless. An `idle_s` of 0 turns it off."""
        self.touch()
        if self._idle_s > 0 and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """No more; again harmless."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            await asyncio.wait({task})

    async def _run(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            rest_s = self._touched_at + self._idle_s - now()
            if rest_s > 0:
                await asyncio.sleep(rest_s)
                continue
            await self._ping()
            self.touch()
