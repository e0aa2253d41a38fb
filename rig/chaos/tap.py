"""Reads every stream of a visit as it is written, by cursor, so that a Redis that was away is read on where it left off."""

import asyncio

from rig.chaos.record import Noted
from shared.errors import BusUnavailable
from shared.events import understood
from shared.redis_bus import RedisBus
from shared.streams import START, WRITER, StreamId, key

PICTURES = "mirror"
"""Left out: of it only the newest is kept, and only the newest counts."""

STREAMS = (*(name for name in WRITER if name != PICTURES), *(f"dead.{stage}" for stage in set(WRITER.values())))


class StreamTap:
    """One visit's streams, each in its order. In memory alone."""

    def __init__(self, url: str) -> None:
        self.notes: list[Noted] = []
        self._bus = RedisBus(url)

    async def listen(self, session: str) -> None:
        """Read until cancelled: all that is there, and all that comes. The wipe waits 0.3 s: we are faster."""
        cursors: dict[str, StreamId] = {key(session, stream): START for stream in STREAMS}
        try:
            while True:
                try:
                    entries = await self._bus.read(cursors, wait_s=0.1, count=512)
                except BusUnavailable:
                    await asyncio.sleep(0.05)
                    continue
                for entry in entries:
                    cursors[entry.key] = entry.id
                    self.notes.append(noted(entry.key.rpartition(":")[2], entry.id, entry.payload))
        finally:
            await self._bus.close()


def noted(stream: str, entry_id: StreamId, payload: bytes) -> Noted:
    """An entry for the check; without an event if it cannot be read."""
    return Noted(stream, entry_id, understood(payload))
