"""Listens in on a visit's streams from outside, for a rehearsal: recorded visitors only, nothing is kept on disk."""

import asyncio

from shared.errors import BusUnavailable
from shared.events import AnyEvent, understood
from shared.redis_bus import RedisBus
from shared.streams import START, StreamId, key

STREAMS = (
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


class BusTap:
    """Collects events as they come: the session's wipe deletes them within a second of the visit's end."""

    def __init__(self, url: str) -> None:
        self.events: list[AnyEvent] = []
        self._bus = RedisBus(url)

    async def listen(self, session: str) -> None:
        """Collect until cancelled."""
        cursors: dict[str, StreamId] = {key(session, stream): START for stream in STREAMS}
        try:
            while True:
                try:
                    for entry in await self._bus.read(cursors, wait_s=0.2):
                        cursors[entry.key] = entry.id
                        self._take(entry.payload)
                except BusUnavailable:
                    await asyncio.sleep(0.1)
        finally:
            await self._bus.close()

    def _take(self, payload: bytes) -> None:
        event = understood(payload)
        if event is not None:  # a broken one is the stages' business; it is in the dead-letter stream
            self.events.append(event)
