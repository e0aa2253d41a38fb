"""A worker that decides faster than the bus answers."""

import asyncio

from shared.bus import Lease, Output
from shared.clock import LoopClock
from shared.freshness import Freshness
from shared.memory_bus import MemoryBus
from shared.outlet import Batch, LeasedOutlet
from shared.streams import START, StreamId, key

HEARING = key("visit", "hearing")
MICROPHONE = key("visit", "microphone")


class SlowBus(MemoryBus):
    """Counts commits and answers late."""

    def __init__(self) -> None:
        super().__init__(LoopClock())
        self.commits = 0

    async def commit(self, *args: object, **kwargs: object) -> int:
        self.commits += 1
        await asyncio.sleep(0.01)
        return await super().commit(*args, **kwargs)  # type: ignore[arg-type]


def batch(number: int) -> Batch:
    return [Output(HEARING, StreamId(number, 1), b"%d" % number, 100)], {MICROPHONE: StreamId(0, number)}


async def leased(bus: MemoryBus) -> Lease:
    lease = await bus.acquire("visit", "asr", "one", 5.0)
    assert lease is not None
    return lease


async def test_what_was_decided_meanwhile_is_committed_at_once_and_in_order() -> None:
    bus = SlowBus()
    outlet = LeasedOutlet(bus, await leased(bus), LoopClock(), Freshness())
    batches: asyncio.Queue[Batch] = asyncio.Queue()
    writing = asyncio.create_task(outlet.commit_in_order(batches))
    for number in range(1, 6):
        batches.put_nowait(batch(number))
        await asyncio.sleep(0)
    await batches.join()
    writing.cancel()
    assert [entry.payload for entry in await bus.range(HEARING, START)] == [b"1", b"2", b"3", b"4", b"5"]
    assert bus.commits == 2
    await bus.release(outlet.lease)
    again = await bus.acquire("visit", "asr", "two", 5.0)
    assert again is not None
    assert again.checkpoint == {MICROPHONE: StreamId(0, 5)}
