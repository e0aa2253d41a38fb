"""A loop whose clock jumps: when nothing is ready, time moves to the next timer at once. A five-minute visit costs seconds.

Works for everything that takes time from its loop and does no real I/O. Work handed to threads runs inline, and takes
`work_s` of the loop's time.
"""

import asyncio
import gc
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: reports how long it was asked to wait instead."""

    def __init__(self) -> None:
        super().__init__()
        self.jump: Callable[[float], None] = lambda _: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing will ever happen again: every task waits for another")
            self.jump(timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self, work_s: float = 0.0) -> None:
        selector = _JumpingSelector()
        super().__init__(selector)
        self._now = 1000.0
        self._work_s = work_s
        selector.jump = self._jump

    def _jump(self, seconds: float) -> None:
        self._now += seconds

    def time(self) -> float:
        return self._now

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        # Inline: the engines of these tests only pretend to work.
        done: asyncio.Future[T] = self.create_future()
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - whatever the work raises belongs to its future
            done.set_exception(error)
            return done
        if self._work_s:
            self.call_later(self._work_s, _set_result, done, result)
        else:
            done.set_result(result)
        return done


def _set_result(done: asyncio.Future[T], result: T) -> None:
    if not done.done():
        done.set_result(result)


def run_virtual(main: Coroutine[Any, Any, T], *, work_s: float = 0.0) -> T:
    """Run to completion in virtual time; what is handed to a thread takes `work_s`."""
    try:
        with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(work_s)) as runner:
            return runner.run(main)
    finally:
        gc.collect()  # finalisers of cancelled coroutines run here, not in the middle of somebody else's work
