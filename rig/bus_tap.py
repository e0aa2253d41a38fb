"""Listens in on a visit's streams from outside: recorded and synthetic visitors only, in memory alone.

By cursor, so that a Redis that was away is read on where it left off. A wipe waits 0.3 s after a visit's end: we are faster.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from shared.errors import BusUnavailable
from shared.events import AnyEvent, understood
from shared.redis_bus import RedisBus
from shared.streams import START, WRITER, StreamId, key

PICTURES = "mirror"

WORDS = (
    "control",
    "hearing",
    "requests",
    "reply",
    "lines",
    "voice",
    "voice_ready",
    "voice_sample",
    "face_ready",
    "playback",
    "signals",
)
"""All but the three that are large (microphone, camera, mirror) and the face."""

ALL_BUT_PICTURES = (
    *(name for name in WRITER if name != PICTURES), *sorted(f"dead.{stage}" for stage in set(WRITER.values()))
)  # fmt: skip
"""Of the pictures only the newest is kept in the stream, and only the newest counts."""


class Tapped(NamedTuple):
    """One entry of a stream."""

    stream: str
    id: StreamId
    event: AnyEvent | None
    """None: it cannot be decoded. That is the stages' business; it is in a dead-letter stream."""


class BusTap:
    """One visit's streams, each in its order.

    Waiting at the server, it misses nothing, and wakes with every event just when the stages it is for do: that costs each hop
    a tenth of a millisecond. Where hops are timed, let it look every `look_s` seconds instead; it may miss what is wiped.
    """

    def __init__(self, url: str, streams: Sequence[str] = WORDS, *, look_s: float = 0.0) -> None:
        self.entries: list[Tapped] = []
        self._bus = RedisBus(url)
        self._streams = streams
        self._look_s = look_s

    @property
    def events(self) -> list[AnyEvent]:
        """All that could be read."""
        return [entry.event for entry in self.entries if entry.event is not None]

    async def listen(self, session: str) -> None:
        """Collect all that is there and all that comes, until cancelled."""
        cursors: dict[str, StreamId] = {key(session, stream): START for stream in self._streams}
        try:
            while True:
                try:
                    entries = await self._bus.read(cursors, wait_s=0.001 if self._look_s else 0.1, count=512)
                except BusUnavailable:
                    await asyncio.sleep(0.05)
                    continue
                for entry in entries:
                    cursors[entry.key] = entry.id
                    self.entries.append(Tapped(entry.key.rpartition(":")[2], entry.id, understood(entry.payload)))
                if self._look_s:
                    await asyncio.sleep(self._look_s)
        finally:
            await self._bus.close()
