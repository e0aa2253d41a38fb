"""A worker that decides faster than the bus answers."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.bus import Lease, Output
from shared.clock import LoopClock
from shared.errors import BadInput
from shared.events import AnyEvent, SpeechResumed, StageFailed, encode
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


async def recalled(*outputs: Output, dead: Sequence[StageFailed] = ()) -> list[AnyEvent]:
    """What a worker of asr recalls of `hearing`, given these outputs and its own dead letters."""
    bus = MemoryBus(LoopClock())
    outlet = LeasedOutlet(bus, await leased(bus), LoopClock(), Freshness())
    await bus.commit(outlet.lease, [*outputs, *(outlet.enveloped(event, "dead.asr") for event in dead)])
    return await outlet.recall("hearing")


def utterance(number: int) -> Output:
    return Output(HEARING, StreamId(number, 1), encode(SpeechResumed(turn=number, seq=1)), 100)


async def test_a_successor_is_not_kept_from_its_start_by_what_nobody_can_read() -> None:
    unreadable = Output(HEARING, StreamId(2, 1), b"\xc1", 100)
    assert [event.turn for event in await recalled(utterance(1), unreadable, utterance(3))] == [1, 3]


async def test_what_a_stage_has_buried_is_not_handed_to_its_successor() -> None:
    buried = StageFailed(seq=1, stage="asr", reason="x", failed_stream="hearing", failed_turn=2, failed_seq=1)
    elsewhere = StageFailed(seq=2, stage="asr", reason="x", failed_stream="camera", failed_turn=1, failed_seq=1)
    events = await recalled(utterance(1), utterance(2), utterance(3), dead=[buried, elsewhere])
    assert [event.turn for event in events] == [1, 3]


@pytest.mark.parametrize(("turn", "seq"), [(-1, 1), (1, -1), (1, 2**64)])
async def test_a_number_that_no_stream_takes_is_refused_and_not_tried_for_ever(turn: int, seq: int) -> None:
    bus = MemoryBus(LoopClock())
    outlet = LeasedOutlet(bus, await leased(bus), LoopClock(), Freshness())
    with pytest.raises(BadInput, match="is no stream id"):
        await outlet.publish(SpeechResumed(turn=turn, seq=seq))
