"""What the stages say of themselves while a visit runs, and what happens on its streams, as it happens."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from rig.supervisor import Mirror
from shared.errors import BusUnavailable
from shared.events import AnyEvent, Heartbeat, SessionOpened, decode
from shared.redis_bus import RedisBus
from shared.streams import SESSIONS, START, StreamId, key

LOOK_S = 0.1


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A stage, from then on."""

    at: float
    """Seconds since the watching began."""
    state: str
    engine: str
    fallbacks: int
    last_error: str


class Beats:
    """Every change of every stage's heartbeat."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._began = time.monotonic()
        self.said: dict[str, list[Said]] = {}

    def now(self) -> float:
        """Seconds since the watching began."""
        return time.monotonic() - self._began

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            for stage, beat in self._mirror.heartbeats.items():
                self._note(stage, beat)
            await asyncio.sleep(LOOK_S)

    def _note(self, stage: str, beat: Heartbeat) -> None:
        said = Said(
            at=self.now(), state=beat.state, engine=beat.engine, fallbacks=beat.fallbacks, last_error=beat.last_error
        )
        past = self.said.setdefault(stage, [])
        if not past or msgspec.structs.replace(past[-1], at=said.at) != said:
            past.append(said)

    def is_degraded(self, stage: str) -> bool:
        """Whether it says so now."""
        return self.said[stage][-1].state == "degraded"

    async def until(self, stage: str, state: str, patience_s: float) -> bool:
        """Whether it came to that state in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while self.said[stage][-1].state != state:
                    await asyncio.sleep(LOOK_S)
                return True
        return False


async def first_session(url: str) -> str:
    """The visit that begins next."""
    bus, cursor = RedisBus(url), START
    try:
        while True:
            for entry in await bus.read({SESSIONS: cursor}, wait_s=1.0):
                cursor = entry.id
                opened = decode(entry.payload)
                if isinstance(opened, SessionOpened):
                    return opened.session
    finally:
        await bus.close()


async def event_of(url: str, session: str, stream: str, is_it: Callable[[AnyEvent], bool]) -> AnyEvent:
    """The next event of a stream that is the one."""
    bus = RedisBus(url)
    try:
        past = await bus.range(key(session, stream), START)
        cursor: StreamId = past[-1].id if past else START
        while True:
            with suppress(BusUnavailable):
                for entry in await bus.read({key(session, stream): cursor}, wait_s=0.2):
                    cursor = entry.id
                    event = decode(entry.payload)
                    if is_it(event):
                        return event
    finally:
        await bus.close()
