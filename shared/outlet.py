"""Where a visit's worker publishes: fills the envelope, drops what is void, writes under the lease's fence."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from shared.bus import Bus, Lease, Output
from shared.clock import Clock
from shared.errors import BadInput, BusUnavailable
from shared.events import AnyEvent, Event, StageFailed, encode, understood
from shared.freshness import Freshness
from shared.streams import CAP, DEFAULT_CAP, FLEETING, START, WRITER, StreamId, key

RETRY_S = 0.05
"""Pause before a commit is tried again when the bus is away. Trying again is safe: ids make a commit idempotent."""


LARGEST = 2**64 - 1
"""Of either half of a stream's id."""

Batch = tuple[Sequence[Output], Mapping[str, StreamId]]
"""Outputs and the checkpoint that goes with them."""


class LeasedOutlet:
    """The `Outlet` of one leased (session, stage)."""

    def __init__(self, bus: Bus, lease: Lease, clock: Clock, freshness: Freshness) -> None:
        self._bus = bus
        self._clock = clock
        self.lease = lease
        self.freshness = freshness
        self.dropped = 0
        """Events that were void before they could be published."""

    async def publish(self, *events: Event) -> None:
        """See `shared.stage.Outlet.publish`."""
        outputs = [self._output(event) for event in events if not self.freshness.is_stale(event)]
        self.dropped += len(events) - len(outputs)
        if outputs:
            await self.commit(outputs)

    def _output(self, event: Event) -> Output:
        if WRITER.get(event.stream) != self.lease.stage:
            raise TypeError(f"{self.lease.stage} may not write the stream {event.stream!r}")
        return self.enveloped(event, event.stream)

    def enveloped(self, event: Event, stream: str) -> Output:
        """The event ready for a stream of this session, `session` and (if it is 0) `at` filled in.

        Raises:
            BadInput: Its numbers cannot be a stream's id: no server would ever take it, however often it is tried.
        """
        if min(event.turn, event.seq) < 0 or max(event.turn, event.seq) > LARGEST:
            raise BadInput(f"{stream}: {event.turn}-{event.seq} is no stream id; both are 0 to 2**64 - 1")
        at = event.at or self._clock.now()
        full = msgspec.structs.replace(event, session=self.lease.session, at=at)
        return Output(
            key(self.lease.session, stream),
            StreamId(event.turn, event.seq),
            encode(full),
            CAP.get(stream, DEFAULT_CAP),
            stream in FLEETING,
        )

    async def commit(self, outputs: Sequence[Output], checkpoint: Mapping[str, StreamId] | None = None) -> None:
        """Commit until it is done, however long the bus is away. Raises Fenced."""
        while True:
            try:
                await self._bus.commit(self.lease, outputs, checkpoint)
            except BusUnavailable:
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def commit_in_order(self, batches: "asyncio.Queue[Batch]") -> None:
        """Commit what comes into the queue for ever, all that waits at once; `batches.join()` returns when it is done.

        For a worker that decides faster than the bus answers: its next decision need not wait for the last one's commit.
        """
        while True:
            outputs, done = await batches.get()
            taken, outputs, done = 1, list(outputs), dict(done)
            while not batches.empty():
                more, further = batches.get_nowait()
                taken += 1
                outputs += more
                done |= further
            await self.commit(outputs, done)
            for _ in range(taken):
                batches.task_done()

    async def checkpoint(self, event: AnyEvent) -> None:
        """See `shared.stage.Outlet.checkpoint`."""
        await self.commit([], {key(self.lease.session, event.stream): StreamId(event.turn, event.seq)})

    async def tail(self, stream: str) -> StreamId:
        """See `shared.stage.Outlet.tail`."""
        return await self._bus.tail(key(self.lease.session, stream))

    async def recall(self, stream: str, after: StreamId = START) -> list[AnyEvent]:
        """See `shared.stage.Outlet.recall`. What this stage has buried stays buried, and what nobody can read is left out."""
        entries = await self._bus.range(key(self.lease.session, stream), after, count=100_000)
        events = [(entry.id, understood(entry.payload)) for entry in entries]
        buried = await self._buried(stream)
        return [event for at, event in events if event is not None and at not in buried]

    async def _buried(self, stream: str) -> set[StreamId]:
        dead = await self._bus.range(key(self.lease.session, f"dead.{self.lease.stage}"), START)
        failures = (understood(entry.payload) for entry in dead)
        return {
            StreamId(event.failed_turn, event.failed_seq)
            for event in failures
            if isinstance(event, StageFailed) and event.failed_stream == stream
        }
