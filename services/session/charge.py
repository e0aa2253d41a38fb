"""Being the one session service of a Redis: a lease, as for everything that may have one worker only."""

import asyncio
import contextlib
import logging

from shared.bus import Bus, Lease
from shared.errors import BusUnavailable, Fenced
from shared.held_visits import LEASE_S, POLL_S
from shared.streams import HOUSE

LOG = logging.getLogger(__name__)

STANDING_BY = (
    "another session service is in charge of this Redis: standing by until it is gone "
    "(not meant? stop one of them, or give this one a Redis of its own)"
)

STAGE = "session"

PATIENCE_S = 2 * LEASE_S
"""One that was killed holds its lease for so long; who waits longer has a living one before it."""


class Charge:
    """Who is in charge takes up visits and listens to kiosks; who is not stands by, and takes over when the other is gone."""

    def __init__(self, bus: Bus, worker: str) -> None:
        self._bus = bus
        self._worker = worker
        self._lease: Lease | None = None
        self.trouble = ""
        """Why it is not ours, while we stand by."""

    @property
    def is_ours(self) -> bool:
        """Whether we have it."""
        return self._lease is not None

    async def take(self) -> None:
        """Return once it is ours, however long another has it; a line in the log says that we wait.

        Raises:
            BusUnavailable: Nobody can have it now.
        """
        waited_s = 0.0
        while not await self._try():
            if waited_s < PATIENCE_S <= waited_s + POLL_S:
                self.trouble = STANDING_BY
                LOG.warning("%s", STANDING_BY)
            await asyncio.sleep(POLL_S)
            waited_s += POLL_S
        self.trouble = ""

    async def _try(self) -> bool:
        self._lease = await self._bus.acquire(HOUSE, STAGE, self._worker, LEASE_S)
        return self.is_ours

    async def keep(self) -> None:
        """Hold on to it, for ever. Raises Fenced when another has taken it: we were too slow, or asleep."""
        while True:
            await asyncio.sleep(LEASE_S / 3)
            with contextlib.suppress(BusUnavailable):
                if self._lease and not await self._bus.renew(self._lease, LEASE_S) and not await self._try():
                    raise Fenced("session: another session service has taken charge of this Redis")

    async def give_up(self) -> None:
        """Whoever stands by takes over at once."""
        lease, self._lease = self._lease, None
        if lease:
            with contextlib.suppress(BusUnavailable):
                await self._bus.release(lease)
