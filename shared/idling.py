"""Who of several replicas does between visits what only one may do: docs/adr/0170-one-replica-sleeps-for-all.md."""

import contextlib

from shared.bus import Bus, Lease
from shared.errors import BusUnavailable
from shared.stage import Stage, WorksBetweenVisits
from shared.streams import HOUSE


class Idling:
    """A lease on the place where it is done. A stage that does nothing between visits costs nothing."""

    def __init__(self, stage: Stage, bus: Bus, worker: str, kiosks: tuple[str, ...]) -> None:
        self._stage = stage if isinstance(stage, WorksBetweenVisits) else None
        self._bus = bus
        self._worker = worker
        self._place = ""
        if self._stage:
            # Two machines may call different places `127.0.0.1`; their kiosks tell them apart.
            self._place = f"{stage.name}.idle {','.join(kiosks)} {self._stage.idle_place}"
            self._stage.may_idle(is_allowed=False)  # before it is warm: a sibling may be at it
        self._lease: Lease | None = None
        self._are_visits = True  # until it is known better

    def note_visits(self, *, are_open: bool) -> None:
        """Whether there is a visit that this worker might have, whoever has it: then nobody idles."""
        self._are_visits = are_open
        self._tell()

    def _tell(self) -> None:
        if self._stage:
            self._stage.may_idle(is_allowed=self._lease is not None and not self._are_visits)

    async def renew(self, lease_s: float) -> None:
        """Get the lease or hold on to it; often enough. Also during visits, so that the same one goes on after them."""
        if self._stage is None:
            return
        with contextlib.suppress(BusUnavailable):  # then nobody else can take it either
            if not self._lease or not await self._bus.renew(self._lease, lease_s):
                self._lease = await self._bus.acquire(HOUSE, self._place, self._worker, lease_s)
            self._tell()

    async def give_up(self) -> None:
        """A sibling takes over at its next look."""
        lease, self._lease = self._lease, None
        self._tell()
        if lease:
            with contextlib.suppress(BusUnavailable):
                await self._bus.release(lease)
