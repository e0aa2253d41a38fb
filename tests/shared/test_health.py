"""What a container's health check says: warm, with a heartbeat that reached Redis a moment ago."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from shared import health
from shared.clock import LoopClock
from shared.errors import BusUnavailable, EngineUnavailable
from shared.events import Heartbeat, decode
from shared.memory_bus import MemoryBus
from shared.runner import StageRunner
from shared.stage import Health, Visit, VisitWorkerBase
from shared.streams import STAGES, START, StreamId
from tests.support.virtual_time import run_virtual


def beat(state: str = "ready", at: float = 100.0) -> str:
    return json.dumps({"state": state, "at": at})


@pytest.mark.parametrize("state", ["ready", "degraded"])
def test_a_warm_service_is_well(state: str) -> None:
    assert health.verdict(beat(state), 101.0) == ""


@pytest.mark.parametrize("state", ["warming", "stopping"])
def test_a_service_that_is_not_warm_is_not_well_and_says_how_it_is(state: str) -> None:
    assert state in health.verdict(beat(state), 101.0)


def test_a_heartbeat_that_stopped_is_not_well() -> None:
    assert "no heartbeat" in health.verdict(beat(at=100.0), 100.0 + health.FRESH_S + 1)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"state": "ready", "at": null}'])
def test_no_heartbeat_or_a_broken_one_is_not_well(text: str) -> None:
    assert health.verdict(text, 100.0)


def test_the_command_prints_the_heartbeat_and_needs_no_package(tmp_path: Path) -> None:
    file = tmp_path / "beat"
    file.write_text(beat("warming"))
    command = [sys.executable, "-S", "-m", "shared.health"]  # -S: no site-packages
    done = subprocess.run(command, env={"MIRROR_HEALTH_FILE": str(file)}, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)) == (1, json.loads(beat("warming")))
    assert len(done.stderr.splitlines()) == 1


def test_a_full_ram_disk_stops_no_heart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRROR_HEALTH_FILE", str(tmp_path / "no folder" / "beat"))
    health.note(Heartbeat(stage="asr", worker="w", state="ready"))


class ColdStage:
    """Warms when it is told to, or fails to."""

    name: ClassVar[str] = "asr"
    reads: ClassVar[Sequence[str]] = ()

    def __init__(self, warm: asyncio.Event, error: str = "") -> None:
        self.warm, self.error = warm, error

    async def warm_up(self) -> Health:
        await self.warm.wait()
        if self.error:
            raise EngineUnavailable(self.error)
        return Health(engine="cold")

    def health(self) -> Health:
        return Health(engine="cold")

    def open_visit(self, _visit: Visit) -> VisitWorkerBase:
        return VisitWorkerBase()

    async def close(self) -> None:
        pass


class DeafBus(MemoryBus):
    async def append(self, key: str, payload: bytes, cap: int) -> StreamId:
        raise BusUnavailable("away")


def states(file: Path) -> str:
    return str(json.loads(file.read_text())["state"]) if file.exists() else ""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "beat"
    monkeypatch.setenv("MIRROR_HEALTH_FILE", str(path))
    return path


def watched(bus: Callable[[], MemoryBus], file: Path) -> list[str]:
    """The file's state: while cold, warm, and stopped."""

    async def scenario() -> list[str]:
        warm, stop = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(StageRunner(ColdStage(warm), bus(), LoopClock()).run(stop))
        seen = []
        for then in (warm.set, stop.set):
            await asyncio.sleep(2)
            seen.append(states(file))
            then()
        await running
        return [*seen, states(file)]

    return run_virtual(scenario())


def test_a_stage_says_warming_then_ready_then_stopping(file: Path) -> None:
    assert watched(lambda: MemoryBus(LoopClock()), file) == ["warming", "ready", "stopping"]


def test_a_beat_that_does_not_reach_redis_is_none(file: Path) -> None:
    assert watched(lambda: DeafBus(LoopClock()), file) == ["", "", ""]


def test_an_engine_that_cannot_be_opened_leaves_its_reason_on_the_board() -> None:
    async def scenario() -> list[Heartbeat]:
        bus, warm = MemoryBus(LoopClock()), asyncio.Event()
        warm.set()
        with pytest.raises(EngineUnavailable):
            await StageRunner(ColdStage(warm, "no weights"), bus, LoopClock()).run(asyncio.Event())
        told = [decode(entry.payload) for entry in await bus.range(STAGES, START)]
        return [one for one in told if isinstance(one, Heartbeat)]

    last = run_virtual(scenario())[-1]
    assert (last.state, last.last_error) == ("failed", "no weights")
