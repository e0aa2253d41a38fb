"""One stage's work for one visit: read in order, drop the void, handle, try again, move the checkpoint.

This is the only place in the house that catches broadly: whatever a stage raises on one event must hurt that event alone.
"""

import asyncio
import logging
from typing import cast

import msgspec

from shared.bus import Bus, Entry, Lease
from shared.clock import Clock
from shared.errors import BusUnavailable, Fenced
from shared.events import AnyEvent, StageFailed, decode
from shared.freshness import Freshness
from shared.outlet import RETRY_S, LeasedOutlet
from shared.stage import Stage, Visit, VisitWorker
from shared.streams import START, StreamId, key

LOG = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
"""An event that fails this often goes to the dead-letter stream."""

RETRY_PAUSES_S = (0.05, 0.2)
"""Pause before the second and the third attempt."""

READ_WAIT_S = 0.5
"""How long one read blocks; only sets how soon a closed visit is noticed."""


class VisitRunner:
    """Runs a stage's `VisitWorker` for the session of one lease until cancelled, fenced or closed."""

    def __init__(self, stage: Stage, bus: Bus, clock: Clock, lease: Lease, language: str) -> None:
        self._stage = stage
        self._bus = bus
        self._clock = clock
        self._lease = lease
        self._freshness = Freshness()
        self._outlet = LeasedOutlet(bus, lease, clock, self._freshness)
        visit = Visit(session=lease.session, language=language, outlet=self._outlet, clock=clock)
        self._worker: VisitWorker = stage.open_visit(visit)
        self._control = START
        self._cursors = {
            key(lease.session, name): lease.checkpoint.get(key(lease.session, name), START) for name in stage.reads
        }
        self._current: tuple[AnyEvent, asyncio.Task[None]] | None = None
        self._is_void = False
        """The event being handled was made void, and its handling cancelled."""
        self._suspect_process = lease.attempts > MAX_ATTEMPTS
        """Workers died here without any progress: the next event is not given another chance."""
        self.failures = 0
        self.last_error = ""
        self.lag_s = 0.0

    async def run(self) -> None:
        """Work until cancelled. Raises Fenced when another worker has taken over."""
        try:
            await self._catch_up_with_control()
            await self._worker.start()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen_to_control())
                group.create_task(self._beside())
                if self._cursors:
                    group.create_task(self._read_inputs())
        except* Fenced as fenced:
            raise Fenced(str(fenced.exceptions[0])) from None
        finally:
            await self._worker.close()

    async def _catch_up_with_control(self) -> None:
        """Control is short: a successor hears all of it again, which rebuilds epoch, scene and who is speaking."""
        for entry in await self._read(
            {key(self._lease.session, "control"): self._control}, count=100_000, wait_s=0.001
        ):
            self._overhear(entry)

    async def _read(self, cursors: dict[str, StreamId], *, count: int, wait_s: float) -> list[Entry]:
        while True:
            try:
                return await self._bus.read(cursors, wait_s=wait_s, count=count)
            except BusUnavailable:
                await asyncio.sleep(RETRY_S)

    async def _listen_to_control(self) -> None:
        name = key(self._lease.session, "control")
        while True:
            for entry in await self._read({name: self._control}, count=64, wait_s=READ_WAIT_S):
                self._overhear(entry)

    def _overhear(self, entry: Entry) -> None:
        self._control = entry.id
        try:
            event = decode(entry.payload)
            became_void = self._freshness.note(event)
            self._worker.overhear(event)
        except Exception as error:
            self._note_failure(error)
            return
        if became_void and self._current and not self._is_void and self._freshness.is_stale(self._current[0]):
            self._is_void = True
            self._current[1].cancel()

    async def _beside(self) -> None:
        """The worker's own loop; one that dies of an error is started again, so that a bad moment is not the end."""
        for pause in (*RETRY_PAUSES_S, 1.0, 2.0, 5.0):
            try:
                await self._worker.run()
            except Fenced:
                raise
            except Exception as error:
                self._note_failure(error)
                await asyncio.sleep(pause)
            else:
                return
        raise RuntimeError(f"{self._stage.name}: the work beside a visit failed again and again: {self.last_error}")

    async def _read_inputs(self) -> None:
        entries = await self._read(self._cursors, count=64, wait_s=0.001)
        if not entries:
            await self._acquit()
        while True:
            entries = entries or await self._read(self._cursors, count=64, wait_s=READ_WAIT_S)
            for entry in entries:
                await self._take(entry)
            if entries and not self._worker.holds_checkpoint:
                await self._outlet.commit([], {entry.key: entry.id for entry in entries})
            entries = []

    async def _acquit(self) -> None:
        """Nothing waits for us, so nothing that is still to come made those before us die: their deaths no longer count."""
        self._suspect_process = False
        await self._outlet.commit([], self._cursors)

    async def _take(self, entry: Entry) -> None:
        self._cursors[entry.key] = entry.id
        try:
            event = decode(entry.payload)
        except msgspec.MsgspecError as error:
            await self._bury(entry, None, error)
            return
        self.lag_s = max(0.0, self._clock.now() - event.at)
        if self._suspect_process:
            self._suspect_process = False
            await self._bury(entry, event, RuntimeError("workers died handling this"))
            return
        await self._attempt(entry, event)

    async def _attempt(self, entry: Entry, event: AnyEvent) -> None:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            if self._freshness.is_stale(event):
                return
            try:
                await self._handle_cancellably(event)
            except Fenced:
                raise
            except Exception as error:
                self._note_failure(error)
                if attempt == MAX_ATTEMPTS:
                    await self._bury(entry, event, error)
                else:
                    await asyncio.sleep(RETRY_PAUSES_S[attempt - 1])
            else:
                return

    async def _handle_cancellably(self, event: AnyEvent) -> None:
        """Run `handle`; a control event that makes `event` void cancels it there and not us.

        As asyncio.timeout does it: who cancelled is found by counting. A task for every event would cost a tenth of a hop.
        """
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._current = (event, task)
        self._is_void = False
        cancels = task.cancelling()
        try:
            await self._worker.handle(event)
        except asyncio.CancelledError:
            if not self._is_void or task.cancelling() > cancels + 1:
                raise
        finally:
            self._current = None
            if self._is_void:
                task.uncancel()

    async def _bury(self, entry: Entry, event: AnyEvent | None, error: Exception) -> None:
        """Move an event that cannot be handled out of the way, with the kind of failure and no content."""
        name = f"dead.{self._stage.name}"
        failed = StageFailed(
            stage=self._stage.name,
            reason=type(error).__name__,
            failed_stream=entry.key.rpartition(":")[2],
            failed_turn=entry.id.turn,
            failed_seq=entry.id.seq,
            failed_rev=event.rev if event else 0,
            seq=(await self._outlet.tail(name)).seq + 1,
        )
        self._note_failure(error)
        # A worker that holds its own checkpoint may still need what came before; it will meet this event again, and we will bury it again.
        done = None if self._worker.holds_checkpoint else {entry.key: entry.id}
        await self._outlet.commit([self._outlet.enveloped(failed, name)], done)

    def _note_failure(self, error: Exception) -> None:
        self.failures += 1
        self.last_error = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        # The traceback shows code, never an event's content: messages of ours hold no speech and no image.
        LOG.warning("a stage failed on one event", exc_info=error, extra={"stage": self._stage.name})
