"""An engine in a thread of its own, so that one that hangs or dawdles never holds up the picture."""

import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from shared.errors import EngineFailed

T = TypeVar("T")


class TooSlow(EngineFailed):
    """It did not answer in time; what it was doing may still be going on."""


class Task(Generic[T]):
    """One piece of work, from asking to answer."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._done = threading.Event()
        self._result: T | None = None
        self._failure: BaseException | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is an answer."""
        return self._done.is_set()

    def result(self, patience_s: float | None, what: str) -> T:
        """The answer, or what was raised.

        Args:
            patience_s: Longest wait; None: as long as it takes.
            what: For the message.

        Raises:
            TooSlow: There is none in time.
        """
        if not self._done.wait(patience_s):
            raise TooSlow(f"{what}: no answer within {patience_s:.2f} s")
        if self._failure is not None:
            raise self._failure
        return self._result  # type: ignore[return-value]  # set before _done, unless it failed

    def do(self) -> None:
        """Do the work; whatever it raises belongs to whoever asked."""
        try:
            self._result = self._work()
        except BaseException as failure:  # noqa: BLE001 - handed over whole to the thread that asked
            self._failure = failure
        self._done.set()


class OwnThread:
    """Does one task after another. A daemon: a task that never ends does not keep the program from ending."""

    def __init__(self, name: str) -> None:
        self._tasks: queue.SimpleQueue[Task[Any] | None] = queue.SimpleQueue()
        self._last: Task[Any] | None = None
        threading.Thread(target=self._work, name=name, daemon=True).start()

    @property
    def is_busy(self) -> bool:
        """Whether the last task is still going on."""
        return self._last is not None and not self._last.is_done

    def start(self, work: Callable[[], T]) -> Task[T]:
        """Begin a task once those before it are done."""
        task = Task(work)
        self._last = task
        self._tasks.put(task)
        return task

    def close(self) -> None:
        """No more tasks; does not wait."""
        self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task.do()
