"""A worker dies in the middle of a turn, and another goes on."""

import asyncio

import numpy as np

from services.a2f_bridge.stage import BridgeStage, open_stage
from shared.bus import Lease, Output
from shared.clock import LoopClock
from shared.events import EpochAdvanced, Event, SpeechChunk, SpeechDue, encode
from shared.memory_bus import MemoryBus
from shared.streams import StreamId, key
from shared.visit_runner import VisitRunner
from tests.support.a2f_bridge_room import KeepingSender, chunks, silence, tone
from tests.support.virtual_time import run_virtual

LEAD_S = 0.09


def now() -> float:
    return LoopClock().now()


def due(at: float) -> SpeechDue:
    return SpeechDue(speech_turn=1, speech_rev=0, from_sample=0, due_at=at)


class Theatre:
    """A bus with one session, and the streams that others would write."""

    def __init__(self) -> None:
        self.bus = MemoryBus(LoopClock())
        self.controls = 0
        self.lease: dict[str, Lease] = {}

    async def writes(self, stage: str, *events: Event) -> None:
        if stage not in self.lease:
            taken = await self.bus.acquire("s1", stage, "test", 1e6)
            assert taken
            self.lease[stage] = taken
        await self.bus.commit(self.lease[stage], [self._output(event) for event in events])

    def _output(self, event: Event) -> Output:
        if event.stream == "control":
            self.controls += 1
            return Output(key("s1", "control"), StreamId(0, self.controls), encode(event), 10_000)
        return Output(key("s1", event.stream), StreamId(event.turn, event.seq), encode(event), 10_000)

    async def worker(self) -> tuple[asyncio.Task[None], KeepingSender]:
        stage = open_stage({"a2f_bridge": {"engine": "embedded"}})
        assert isinstance(stage, BridgeStage)
        sender = KeepingSender()
        stage.sender = sender  # type: ignore[assignment]  # the socket's place
        lease = await self.bus.acquire("s1", "a2f_bridge", f"w{now()}", 0.2)
        assert lease
        return asyncio.create_task(VisitRunner(stage, self.bus, LoopClock(), lease, "en").run()), sender

    async def poses(self) -> list[tuple[StreamId, bytes]]:
        entries = await self.bus.range(key("s1", "face"), StreamId(0, 0))
        return [(entry.id, entry.payload) for entry in entries]


async def kill(worker: asyncio.Task[None]) -> None:
    worker.cancel()
    await asyncio.wait({worker})


def test_after_a_crash_in_mid_turn_the_lips_go_on_and_no_pose_is_published_twice() -> None:
    async def visit(*, crash: bool) -> tuple[list[StreamId], dict[float, float]]:
        theatre = Theatre()
        worker, sender = await theatre.worker()
        speech = chunks(np.concatenate([np.concatenate((tone(0.3), silence(0.1))) for _ in range(8)]))
        await theatre.writes("tts", *speech[:20])
        await theatre.writes("session", due(1000.5))
        await asyncio.sleep(1.5)
        shown = dict(zip(np.round(sender.due(), 3).tolist(), sender.value("JawOpen").tolist(), strict=True))
        if crash:
            await kill(worker)
            await theatre.writes("tts", *speech[20:])
            await asyncio.sleep(0.3)
            worker, sender = await theatre.worker()
        else:
            await theatre.writes("tts", *speech[20:])
            await asyncio.sleep(0.3)
        await asyncio.sleep(2.5)
        shown |= dict(zip(np.round(sender.due(), 3).tolist(), sender.value("JawOpen").tolist(), strict=True))
        await kill(worker)
        return [place for place, _ in await theatre.poses()], shown

    whole_ids, whole = run_virtual(visit(crash=False))
    crash_ids, crashed = run_virtual(visit(crash=True))
    assert crash_ids == whole_ids
    later = [at for at in crashed if at > 1002.1 + LEAD_S]
    grid = np.array(sorted(whole))
    for at in later:
        nearest = grid[np.argmin(np.abs(grid - at))]
        assert abs(crashed[at] - whole[float(nearest)]) < 0.08


def test_a_successor_knows_the_epoch_and_shows_nothing_older() -> None:
    async def main() -> np.ndarray:
        theatre = Theatre()
        worker, _ = await theatre.worker()
        await theatre.writes("tts", *chunks(tone(3.0)))
        await theatre.writes("session", due(1000.2))
        await asyncio.sleep(0.5)
        await kill(worker)
        await theatre.writes("session", EpochAdvanced(epoch=1, reason="barge_in"))
        await asyncio.sleep(0.3)
        worker, sender = await theatre.worker()
        await asyncio.sleep(1.0)
        await kill(worker)
        tail = await theatre.bus.tail(key("s1", "face"))
        assert tail == StreamId(1, 999_999_999)
        return sender.value("JawOpen")

    assert run_virtual(main()).max() < 0.05


def test_a_chunk_that_is_no_sound_does_not_keep_a_successor_from_its_start() -> None:
    async def main() -> np.ndarray:
        theatre = Theatre()
        speech = chunks(tone(2.0))
        broken = SpeechChunk(turn=1, seq=speech[0].seq + 1, from_sample=0, pcm=b"odd")
        await theatre.writes("tts", speech[0], broken, *speech[1:])
        await theatre.writes("session", due(1000.2))
        worker, sender = await theatre.worker()
        await asyncio.sleep(1.0)
        assert not worker.done()
        await kill(worker)
        return sender.value("JawOpen")

    assert run_virtual(main()).max() > 0.1
