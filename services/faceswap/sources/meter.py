"""Rate and delay of the pictures of the last seconds. One thread writes, any may read."""

import threading
from collections import deque
from statistics import median

WINDOW_S = 3.0


class Meter:
    """Remembers when each of the last pictures was ready, and how long that took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks: deque[tuple[float, float]] = deque()
        self.shown = 0
        self.skipped = 0
        self.last_at = -1.0
        """When the last picture was ready, host clock, seconds; below 0: none was."""

    def picture(self, at: float, delay_s: float) -> None:
        """One more picture, ready at `at`."""
        with self._lock:
            self.shown += 1
            self.last_at = at
            self._marks.append((at, delay_s))
            self._drop_old(at)

    def skip(self, count: int = 1) -> None:
        """Pictures that were not shown."""
        with self._lock:
            self.skipped += count

    def read(self, now: float) -> tuple[float, float]:
        """Pictures a second, and median delay in milliseconds, over the last seconds; zeros if there were none."""
        with self._lock:
            self._drop_old(now)
            marks = list(self._marks)
        if len(marks) < 2:
            return 0.0, 0.0
        span_s = max(marks[-1][0] - marks[0][0], 1e-3)
        # A stream that has stopped must not keep its rate until the window is empty.
        quiet_s = max(0.0, now - marks[-1][0] - span_s / (len(marks) - 1))
        return (len(marks) - 1) / (span_s + quiet_s), 1000.0 * median(delay for _, delay in marks)

    def _drop_old(self, now: float) -> None:
        while self._marks and self._marks[0][0] < now - WINDOW_S:
            self._marks.popleft()
