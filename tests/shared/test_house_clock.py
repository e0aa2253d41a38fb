"""One clock for all machines: a stage whose own clock has another zero reads the house's."""

import pytest

from shared.clock import LoopClock
from shared.events import ClockKept, decode
from shared.house_clock import CAP, KEEP_S, SILENT_S, Difference, HouseClock, this_host
from shared.memory_bus import MemoryBus
from shared.streams import CLOCK


class Machines:
    """Two machines and Redis, each with a clock of its own; a question takes `trip_s` each way."""

    def __init__(self) -> None:
        self.true, self.server_ahead, self.trip_s = 0.0, 1_700_000_000.0, 0.0005
        self.bus = Wire(self)

    def keeper(self, zero: float = 40.0, host: str = "first") -> HouseClock:
        return HouseClock(self.bus, keeps=True, host=host, own=lambda: zero + self.true)

    def stage(self, zero: float = 9_000.0, host: str = "second") -> HouseClock:
        return HouseClock(self.bus, keeps=False, host=host, own=lambda: zero + self.true)


class Wire(MemoryBus):
    def __init__(self, machines: Machines) -> None:
        super().__init__(LoopClock())
        self.machines = machines
        self.slow_back: list[float] = []

    async def server_time(self) -> float:
        self.machines.true += self.machines.trip_s
        now = self.machines.true + self.machines.server_ahead
        self.machines.true += self.machines.trip_s + (self.slow_back.pop() if self.slow_back else 0.0)
        return now


async def test_on_the_keepers_machine_the_house_clock_is_its_own_to_the_last_bit() -> None:
    machines = Machines()
    keeper, neighbour = machines.keeper(), machines.stage(40.0, "first")
    await keeper.set()
    machines.bus.slow_back = [0.3, 0.0]  # even if the network were bad
    await neighbour.set()
    assert neighbour.now() == keeper.now() == 40.0 + machines.true
    assert neighbour.is_at_home


async def test_another_machine_reads_the_house_clock_whatever_its_zero() -> None:
    machines = Machines()
    keeper, stage = machines.keeper(), machines.stage()
    await keeper.set()
    machines.true += 2.0
    await stage.set()
    assert stage.now() == pytest.approx(keeper.now(), abs=1e-6)
    assert not stage.is_at_home


async def test_the_quickest_answer_counts() -> None:
    machines = Machines()
    keeper, stage = machines.keeper(), machines.stage()
    await keeper.set()
    machines.bus.slow_back = [0.08, 0.05, 0.0, 0.06]
    await stage.set()
    assert stage.now() == pytest.approx(keeper.now(), abs=1e-6)


async def test_before_anybody_keeps_time_a_stage_has_its_own_and_takes_the_houses_when_it_is_there() -> None:
    machines = Machines()
    keeper, stage = machines.keeper(), machines.stage()
    await stage.set()
    assert stage.now() == 9_000.0 + machines.true
    await keeper.set()
    await stage.set()
    assert stage.now() == pytest.approx(keeper.now(), abs=1e-6)


async def test_a_step_of_redis_own_clock_moves_nobody() -> None:
    machines = Machines()
    keeper, stage = machines.keeper(), machines.stage()
    await keeper.set()
    await stage.set()
    machines.server_ahead += 3_600.0
    await stage.set()  # the keeper has not measured since
    assert stage.now() == pytest.approx(keeper.now(), abs=1e-6)
    await keeper.set()
    await stage.set()
    assert stage.now() == pytest.approx(keeper.now(), abs=1e-6)


async def test_drift_is_followed() -> None:
    machines = Machines()
    keeper = machines.keeper()
    drifting = HouseClock(machines.bus, keeps=False, host="second", own=lambda: 9_000.0 + machines.true * 1.0001)
    for _ in range(20):
        await keeper.set()
        await drifting.set()
        machines.true += 10.0
    await keeper.set()
    await drifting.set()
    assert drifting.now() == pytest.approx(keeper.now(), abs=1e-5)


async def test_a_second_session_service_follows_and_goes_on_with_the_houses_time_when_the_first_is_gone() -> None:
    machines = Machines()
    first, second, stage = machines.keeper(), machines.keeper(777.0, "elsewhere"), machines.stage()
    await first.set()
    await second.set()
    await stage.set()
    assert second.now() == pytest.approx(first.now(), abs=1e-6)
    machines.true += SILENT_S + KEEP_S
    await second.set()
    machines.server_ahead -= 50.0
    await second.set()
    for _ in range(2):
        await stage.set()
    assert stage.now() == pytest.approx(first.now(), abs=1e-6)
    kept = decode((await machines.bus.newest(CLOCK) or pytest.fail("nobody keeps it")).payload)
    assert isinstance(kept, ClockKept)
    assert kept.host == "first"


async def test_a_house_that_starts_anew_on_another_machine_is_believed_at_once() -> None:
    machines = Machines()
    old, stage = machines.keeper(), machines.stage()
    await old.set()
    await stage.set()
    machines.bus._streams.clear()
    new = machines.keeper(5.0, "rebooted")
    await new.set()
    await stage.set()
    assert stage.now() == pytest.approx(new.now(), abs=1e-6)


def test_a_leap_is_believed_when_it_is_seen_twice() -> None:
    known = Difference().measured(-100.0)
    once = known.measured(-40.0)
    assert (once.s, once.measured(-40.001).s, once.measured(-100.001).s) == (-100.0, -40.001, -100.001)


def test_this_host_has_a_name_that_does_not_change() -> None:
    assert this_host() == this_host() != ""
    assert CAP >= 1
