"""An event loop whose clock is the recording's: it begins when the recording began, and goes at any pace.

As fast as it goes, time stands still while anything computes and jumps to the next timer when nothing does. Work given to
executors then runs inline. So what comes out depends on the recording and the engines alone, not on this machine's speed.
Where an engine talks to a peer over a socket time passes as it does in the world: a peer cannot be hurried.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")

AS_FAST_AS_IT_GOES = 0.0
"""As a pace; 1 is the recording's own, 2 twice that."""

_PEER_STEP_S = 0.05
"""Longest single wait while sockets are open."""


class _Selector(selectors.DefaultSelector):
    """Asks its loop how long to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.wait: Callable[[float | None], float | None] = lambda timeout: timeout
        self.passed: Callable[[float], None] = lambda _: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        began = time.monotonic()
        ready = super().select(self.wait(timeout))
        self.passed(time.monotonic() - began)
        return ready


class ReplayLoop(asyncio.SelectorEventLoop):
    """See the module. Its clock stands still until `start_clock`."""

    def __init__(self, pace: float) -> None:
        selector = _Selector()
        self._pace = pace
        self._now = 0.0
        self._started: float | None = None
        super().__init__(selector)
        self._own_sockets = len(selector.get_map())
        self._sockets = selector.get_map
        selector.wait = self._real_wait
        selector.passed = self._has_passed

    @property
    def is_hurried(self) -> bool:
        """Whether it goes as fast as it goes."""
        return self._pace == AS_FAST_AS_IT_GOES

    def start_clock(self, at: float) -> None:
        """It is `at` now, in seconds of the recording's host clock."""
        self._now, self._started = at, time.monotonic()

    def time(self) -> float:
        """The recording's host clock, seconds."""
        if self.is_hurried:
            return self._now
        since = time.monotonic() - self._started if self._started is not None else time.monotonic()
        return self._now + since * (self._pace if self._started is not None else 1.0)

    def _real_wait(self, timeout: float | None) -> float | None:
        if not self.is_hurried:
            pace = self._pace if self._started is not None else 1.0
            return None if timeout is None else timeout / pace
        if len(self._sockets()) > self._own_sockets:
            return _PEER_STEP_S if timeout is None else min(timeout, _PEER_STEP_S)
        if timeout is None:
            raise RuntimeError("nothing will ever happen again: every task waits for another")
        self._now += timeout
        return 0.0

    def _has_passed(self, seconds: float) -> None:
        if self.is_hurried and len(self._sockets()) > self._own_sockets:
            self._now += seconds

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Inline if hurried: an answer then takes no time, whatever machine gives it."""
        if not self.is_hurried:
            return super().run_in_executor(executor, func, *args)
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whatever the work raises belongs to its future
            done.set_exception(error)
        return done


def run_paced(main: Callable[[ReplayLoop], Coroutine[Any, Any, T]], pace: float) -> T:
    """Run to completion on a loop of that pace."""
    loop = ReplayLoop(pace)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main(loop))
