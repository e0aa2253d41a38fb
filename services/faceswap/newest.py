"""A slot for one thing: whoever puts never waits, whoever takes gets the newest, what came between is dropped and counted."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class NewestOnly(Generic[T]):
    """Hand-over between two threads. Bounded by nature: it holds at most one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: T | None = None
        self.dropped = 0
        """How many were overwritten unseen."""

    def put(self, item: T) -> None:
        """Replace whatever is there."""
        with self._lock:
            if self._held is not None:
                self.dropped += 1
            self._held = item

    def take(self) -> T | None:
        """What is there, and leave the slot empty; None if nothing came since the last take."""
        with self._lock:
            item, self._held = self._held, None
            return item
