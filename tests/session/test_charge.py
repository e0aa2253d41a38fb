"""Two session services on one Redis: one is in charge, the other stands by and says so."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from services.session.board import Board
from services.session.charge import Charge
from services.session.config import SessionConfig
from services.session.house import House
from services.session.play_check import load_play
from shared.clock import LoopClock
from shared.errors import Fenced
from shared.held_visits import LEASE_S
from shared.memory_bus import MemoryBus
from tests.support.virtual_time import run_virtual

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "short.yaml"


def play(scene: Callable[[MemoryBus], Awaitable[None]]) -> None:
    async def main() -> None:
        await scene(MemoryBus(LoopClock()))

    run_virtual(main())


def test_the_second_waits_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(bus: MemoryBus) -> None:
        first = Charge(bus, "first")
        await first.take()
        keeping = asyncio.create_task(first.keep())
        with caplog.at_level(logging.WARNING), pytest.raises(TimeoutError):
            await asyncio.wait_for(Charge(bus, "second").take(), 60)
        assert first.is_ours
        keeping.cancel()

    play(scene)
    assert len([record for record in caplog.records if "standing by" in record.message]) == 1


def test_it_takes_over_at_once_when_the_first_stops_and_within_a_lease_when_it_is_killed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scene(bus: MemoryBus) -> None:
        for stops in (True, False):
            first, second = Charge(bus, "first"), Charge(bus, "second")
            await first.take()
            waiting = asyncio.create_task(second.take())
            if stops:
                await first.give_up()
            await asyncio.wait_for(waiting, 0.2 if stops else LEASE_S + 0.2)
            await second.give_up()

    play(scene)
    assert not caplog.records, "a restart is not worth a line"


def test_one_that_slept_while_another_took_over_ends() -> None:
    async def scene(bus: MemoryBus) -> None:
        first = Charge(bus, "first")
        await first.take()
        await asyncio.sleep(2 * LEASE_S)
        await Charge(bus, "second").take()
        with pytest.raises(Fenced, match="another session service"):
            await first.keep()

    play(scene)


def test_one_that_slept_alone_goes_on() -> None:
    async def scene(bus: MemoryBus) -> None:
        first = Charge(bus, "first")
        await first.take()
        await asyncio.sleep(2 * LEASE_S)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(first.keep(), 5)

    play(scene)


def test_the_operator_sees_who_stands_by() -> None:
    async def scene(bus: MemoryBus) -> None:
        houses = [House(bus, LoopClock(), SessionConfig(), load_play(SCRIPT)) for _ in range(2)]
        await houses[0].open()
        keeping = asyncio.create_task(houses[0].stay_in_charge())
        waiting = asyncio.create_task(houses[1].open())
        await asyncio.sleep(2 * LEASE_S + 0.2)
        assert "another session service" in houses[1].why_closed
        board = Board()
        for house in houses:
            board.note(house.heartbeat())
        assert sorted(str(row["state"]) for row in board.rows(LoopClock().now())) == ["ready", "standby"]
        for task in (keeping, waiting):
            task.cancel()

    play(scene)
