"""One thread for one engine, shared by all visits: whoever a visitor waits for goes first.

Nothing that runs is interrupted. An engine's pieces are short, so what is waited for starts after the piece at hand.
"""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

_END: Any = object()

Gate = Callable[[], Awaitable[None]]
"""Awaited before a piece of work is asked for; it may raise, and the work is given up there."""


async def open_gate() -> None:
    """Nothing to wait for."""


class EngineDesk:
    """Takes pieces of work, does one at a time, the urgent ones first, each kind in the order it came."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tts-engine")
        self._waiting: list[tuple[bool, int, asyncio.Future[Any], Callable[[], Any]]] = []
        self._numbers = itertools.count()
        self._is_busy = False

    async def do(self, work: Callable[[], T], *, is_urgent: bool) -> T:
        """Result of one piece of work. Cancelled before it began, it never runs; later, its result is dropped."""
        loop = asyncio.get_running_loop()
        promise: asyncio.Future[T] = loop.create_future()
        heapq.heappush(self._waiting, (not is_urgent, next(self._numbers), promise, work))
        self._start_next(loop)
        return await promise

    async def pieces(
        self, open_pieces: Callable[[], Iterator[T]], *, is_urgent: bool, gate: Gate = open_gate
    ) -> AsyncIterator[T]:
        """What an iterator yields, one piece of work an item; others may go between."""
        await gate()
        iterator: Iterator[T] = await self.do(open_pieces, is_urgent=is_urgent)
        while (item := await self.do(lambda: next(iterator, _END), is_urgent=is_urgent)) is not _END:
            yield item
            await gate()

    async def last(self, open_steps: Callable[[], Generator[None, None, T]], *, is_urgent: bool) -> T:
        """What a generator returns at its end, one piece of work a step; others may go between."""
        steps = await self.do(open_steps, is_urgent=is_urgent)

        def step() -> tuple[bool, Any]:
            try:
                next(steps)
            except StopIteration as end:  # cannot travel through a future
                return True, end.value
            return False, None

        is_over, result = False, None
        while not is_over:
            is_over, result = await self.do(step, is_urgent=is_urgent)
        return result  # type: ignore[return-value]  # the generator's return type, lost on its way through `step`

    def close(self) -> None:
        """Wait for the piece at hand and end the thread; what was waiting is cancelled."""
        for _, _, promise, _ in self._waiting:
            promise.cancel()
        self._waiting.clear()
        self._thread.shutdown(wait=True)

    def _start_next(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._is_busy:
            return
        while self._waiting:
            _, _, promise, work = heapq.heappop(self._waiting)
            if not promise.cancelled():
                self._is_busy = True
                self._submit(loop, promise, work)
                return

    def _submit(self, loop: asyncio.AbstractEventLoop, promise: asyncio.Future[Any], work: Callable[[], Any]) -> None:
        running = loop.run_in_executor(
            self._thread, work
        )  # not `submit`: a loop with a clock of its own may run it inline
        running.add_done_callback(lambda done: self._finish(loop, promise, done))

    def _finish(self, loop: asyncio.AbstractEventLoop, promise: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
        self._is_busy = False
        error = done.exception()
        if not promise.cancelled():
            if error is not None:
                promise.set_exception(error)
            else:
                promise.set_result(done.result())
        self._start_next(loop)
