"""Time as an argument: the host clock, and a clock that tests move by hand."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Where time comes from. Instants are seconds on one host-wide monotonic clock."""

    def now(self) -> float:
        """Seconds since an arbitrary origin, shared by every process of one host."""
        ...

    async def sleep_until(self, at: float) -> None:
        """Return once `now() >= at`; at once if that has passed."""
        ...


class HostClock:
    """CLOCK_MONOTONIC: comparable between processes and containers of one host, blind to clock changes.

    Across hosts: `shared/house_clock.py`.
    """

    def now(self) -> float:
        """Seconds since boot."""
        return time.monotonic()

    async def sleep_until(self, at: float) -> None:
        """Sleep on the running loop until the host clock reaches `at`."""
        await asyncio.sleep(max(0.0, at - time.monotonic()))


class LoopClock:
    """The running event loop's own clock: with a virtual-time loop a whole visit costs no wall time."""

    def now(self) -> float:
        """Seconds on the loop's clock."""
        return asyncio.get_running_loop().time()

    async def sleep_until(self, at: float) -> None:
        """Sleep on the running loop until its clock reaches `at`."""
        await asyncio.sleep(max(0.0, at - self.now()))
