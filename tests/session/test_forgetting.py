"""The wipe's receipt counts what it claims to count, and a wipe that is begun is finished, by whom ever."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from services.session.config import SessionConfig
from services.session.forgetting import files_left, forget, left_behind
from services.session.house import House
from services.session.play_check import load_play
from shared.bus import Output
from shared.clock import LoopClock
from shared.errors import BusUnavailable
from shared.events import SessionOpened, WipeReceipt, decode, encode
from shared.memory_bus import MemoryBus
from shared.streams import RECEIPTS, SESSIONS, START, StreamId, key
from tests.support.virtual_time import run_virtual

PLAY = load_play(Path(__file__).resolve().parent.parent.parent / "scripts" / "short.yaml")


def test_a_file_written_during_the_visit_is_counted_and_an_older_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRROR_SCRATCH", str(tmp_path))
    for name, age_s in (("older", 100.0), ("during", 5.0)):
        path = tmp_path / name
        path.write_bytes(b"x")
        os.utime(path, (time.time() - age_s,) * 2)
    assert files_left(lasted_s=60.0) == 1


def test_without_a_scratch_folder_there_is_nothing_to_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIRROR_SCRATCH", raising=False)
    assert files_left(lasted_s=60.0) == 0


class Left:
    """A visit whose wipe did not get to its end."""

    def __init__(self, bus: MemoryBus | None = None) -> None:
        self.clock = LoopClock()
        self.bus = bus or MemoryBus(self.clock)
        self.opened = SessionOpened(session="v", at=self.clock.now(), kiosk="mirror", language="en", script="short")

    async def begin(self) -> None:
        await self.bus.append(SESSIONS, encode(self.opened), 99)
        lease = await self.bus.acquire("v", "session", "us", 1.0)
        assert lease
        await self.bus.commit(lease, [Output(key("v", "play"), StreamId(0, 1), b"words", 9)])

    async def keys(self) -> int:
        return len(await self.bus.range(key("v", "play"), START))

    async def receipts(self) -> list[WipeReceipt]:
        events = [decode(entry.payload) for entry in await self.bus.range(RECEIPTS, START)]
        return [event for event in events if isinstance(event, WipeReceipt)]


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.29])
def test_a_wipe_that_was_cut_short_is_finished_by_the_service_that_starts_next(after_s: float) -> None:
    async def scenario() -> None:
        left = Left()
        await left.begin()
        wiping = asyncio.create_task(forget(left.bus, left.clock, left.opened, "finished"))
        await asyncio.sleep(after_s)
        wiping.cancel()
        await asyncio.wait({wiping})
        assert await left.keys() == 1
        await House(left.bus, left.clock, SessionConfig(needs=()), PLAY).open_when_possible()
        assert await left.keys() == 0
        assert [(one.reason, one.keys_left) for one in await left.receipts()] == [("finished", 0)]
        assert (await left_behind(left.bus)).unwiped == []

    run_virtual(scenario())


class AwayBus(MemoryBus):
    """Goes away when the keys are to be deleted, twice."""

    times = 2

    async def wipe(self, session: str) -> int:
        self.times -= 1
        if self.times >= 0:
            raise BusUnavailable("away")
        return await super().wipe(session)


def test_a_redis_that_goes_away_in_the_farewell_is_waited_for_and_everything_is_forgotten() -> None:
    async def scenario() -> None:
        clock = LoopClock()
        left = Left(AwayBus(clock))
        await left.begin()
        kiosk = House(left.bus, clock, SessionConfig(needs=()), PLAY).kiosk("mirror")
        await kiosk._farewell(left.opened, "finished")
        assert await left.keys() == 0
        assert [one.keys_left for one in kiosk.receipts] == [0]

    run_virtual(scenario())
