"""One clock for all machines of a house: the monotonic clock of the session service's machine.

Whoever runs on that machine reads it directly. A stage on another machine has another zero, and learns the difference
through Redis, whose wall clock both can ask: docs/adr/0120-one-clock-for-all-machines.md.
"""

import asyncio
import logging
import platform
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from shared.bus import Bus
from shared.errors import BusUnavailable
from shared.events import ClockKept, decode, encode
from shared.streams import CLOCK

LOG = logging.getLogger(__name__)

KEEP_S = 1.0
"""How often the keeper measures and tells."""
SILENT_S = 10.0
"""A keeper that was not heard for so long is gone."""
LOOK_S = 3.0
"""How often a follower measures; longer than KEEP_S, so that a step of Redis' clock has reached the keeper by the second look."""
SAMPLES = 8
"""Questions per measurement; the quickest answer counts."""
STEP_S = 0.02
"""A difference that moved by more is believed when it is seen twice: between the two looks Redis' own clock may have been set."""
CAP = 4


class Difference(msgspec.Struct, frozen=True):
    """House clock minus our own, as far as it is known. Pure: measurements go in."""

    s: float = 0.0
    doubted: float | None = None
    """A last measurement that was too far off to be believed at once."""
    is_known: bool = False

    def measured(self, s: float) -> "Difference":
        """What is known after one more measurement."""
        if not self.is_known or abs(s - self.s) <= STEP_S:
            return Difference(s, None, is_known=True)
        if self.doubted is not None and abs(s - self.doubted) <= STEP_S:
            return Difference(s, None, is_known=True)
        return msgspec.structs.replace(self, doubted=s)


def this_host() -> str:
    """Identity of the monotonic clock we read: of this boot of this machine, and of its time namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return platform.node()
    space = Path("/proc/self/ns/time")
    return f"{boot} {space.readlink()}" if space.is_symlink() else boot


class HouseClock:
    """A `Clock`. Until somebody keeps the house's time it is our own: no visit can have begun."""

    def __init__(self, bus: Bus, *, keeps: bool, host: str = "", own: Callable[[], float] = time.monotonic) -> None:
        """Of a session service (`keeps`) or of anybody else."""
        self._bus = bus
        self._keeps = keeps
        self._own = own
        self._name = secrets.token_hex(4)
        self._host = host or this_host()
        self._house_host = self._host
        self.difference = Difference()

    def now(self) -> float:
        """Seconds on the house's clock."""
        return self._own() + self.difference.s

    async def sleep_until(self, at: float) -> None:
        """Sleep on the running loop until the house's clock reaches `at`."""
        await asyncio.sleep(max(0.0, at - self.now()))

    @property
    def is_at_home(self) -> bool:
        """Whether our own clock is the house's."""
        return self._house_host == self._host

    async def run(self) -> None:
        """Stay right for ever; cancel to end."""
        while True:
            try:
                await self.set()
            except BusUnavailable:
                await asyncio.sleep(0.2)  # our own clock goes on meanwhile, and drifts by microseconds
                continue
            await asyncio.sleep(KEEP_S if self._keeps or not self.difference.is_known else LOOK_S)

    async def set(self) -> None:
        """Set the clock by the keeper's last word, or keep it. Raises BusUnavailable."""
        told = await self._told()
        server_at_zero, server_now = await self._ask()
        if told is not None:
            self._follow(told, server_at_zero)
        is_free = told is None or told.keeper == self._name or server_now - told.told_at > SILENT_S
        if self._keeps and is_free:
            kept = ClockKept(
                at=self.now(), host=self._house_host, zero=server_at_zero - self.difference.s, told_at=server_now,
                keeper=self._name,
            )  # fmt: skip
            await self._bus.append(CLOCK, encode(kept), CAP)

    def _follow(self, told: ClockKept, server_at_zero: float) -> None:
        was = self.difference.s
        if told.host != self._house_host:  # another machine is the house's clock now: what we knew was of the old one
            self._house_host, self.difference = told.host, Difference()
        if self.is_at_home:
            self.difference = Difference(is_known=True)
        elif told.keeper != self._name:
            self.difference = self.difference.measured(server_at_zero - told.zero)
        if abs(self.difference.s - was) > STEP_S:
            LOG.info("the house's clock is another machine's", extra={"difference_s": round(self.difference.s, 4)})

    async def _told(self) -> ClockKept | None:
        entry = await self._bus.newest(CLOCK)
        told = decode(entry.payload) if entry else None
        return told if isinstance(told, ClockKept) else None

    async def _ask(self) -> tuple[float, float]:
        """Redis' wall clock when our own was 0, by the question that was answered quickest; and what it is now."""
        best_s, best, now = float("inf"), 0.0, 0.0
        for _ in range(SAMPLES):
            before = self._own()
            now = await self._bus.server_time()
            after = self._own()
            if after - before < best_s:
                best_s, best = after - before, now - (before + after) / 2
        return best, now


@asynccontextmanager
async def running(clock: HouseClock) -> AsyncIterator[None]:
    """The clock stays right as long as the block lasts."""
    keeping = asyncio.create_task(clock.run())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
