"""Takes a visit's streams down while they are written: in memory alone. Whether anything is kept is decided elsewhere."""

import asyncio
from contextlib import suppress

import msgspec

from rig.record.manifest import EngineUsed
from rig.record.moment import PICTURES, STREAMS, Moment, moment
from shared.bus import Bus
from shared.errors import BusUnavailable
from shared.events import Heartbeat, decode
from shared.streams import STAGES, START, StreamId, key

READ_WAIT_S = 0.2
"""A wipe deletes a visit's keys 0.3 s after its end: what came last must have been read by then."""

PICTURES_HZ = 2.0
"""Pictures of the mirror kept a second: enough to compare faces, 20 times less than all of them."""


class Tape:
    """One visit, and who did the work."""

    def __init__(self, bus: Bus, *, pictures_hz: float = PICTURES_HZ) -> None:
        self.moments: list[Moment] = []
        self.unreadable = 0
        """Entries that are no event: a stage's dead-letter stream tells of them."""
        self._bus = bus
        self._picture_gap_s = 1.0 / pictures_hz if pictures_hz else 0.0
        self._last_picture_at = float("-inf")

    async def take_down(self, session: str) -> None:
        """Take down all that is still in a visit's streams and all that comes, until cancelled."""
        cursors: dict[str, StreamId] = {key(session, stream): START for stream in STREAMS}
        while True:
            try:
                entries = await self._bus.read(cursors, wait_s=READ_WAIT_S, count=512)
            except BusUnavailable:
                await asyncio.sleep(0.05)
                continue
            for entry in entries:
                cursors[entry.key] = entry.id
                self._take(entry.key.rpartition(":")[2], entry.payload)

    def _take(self, stream: str, payload: bytes) -> None:
        try:
            one = moment(stream, payload)
        except msgspec.MsgspecError:
            self.unreadable += 1
            return
        if stream == PICTURES:
            if one.at < self._last_picture_at + self._picture_gap_s:
                return
            self._last_picture_at = one.at
        self.moments.append(one)

    def forget(self) -> None:
        """Nothing of it may be kept."""
        self.moments.clear()


async def engines_used(bus: Bus) -> dict[str, EngineUsed]:
    """Who works now, by the newest heartbeats."""
    found: dict[str, EngineUsed] = {}
    with suppress(BusUnavailable):
        for entry in await bus.range(STAGES, START):
            with suppress(msgspec.MsgspecError):
                beat = decode(entry.payload)
                if isinstance(beat, Heartbeat) and beat.state in ("ready", "degraded"):
                    found[beat.stage] = EngineUsed(engine=beat.engine, device=beat.device, version=beat.version)
    return found
