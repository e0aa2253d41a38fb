"""What a container's health check says: warm, with a heartbeat that reached Redis a moment ago."""

import asyncio
import json
import subprocess
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

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "beat"
    monkeypatch.setenv("MIRROR_HEALTH_FILE", str(path))
    return path


def asked(file: Path) -> tuple[int, str, str]:
    """Exit code, what it prints and what it complains of, as in a container: nothing on its PATH."""
    command = ["/bin/sh", str(ROOT / "shared" / "health.sh")]
    environment = {"MIRROR_HEALTH_FILE": str(file), "PATH": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def noted(file: Path, state: str, *, error: str = "") -> None:
    health.note(Heartbeat(stage="asr", worker="w", state=state, last_error=error))
    assert file.exists()


@pytest.mark.parametrize("state", ["ready", "degraded", "standby"])
def test_a_warm_service_is_well_and_its_heartbeat_is_printed(file: Path, state: str) -> None:
    noted(file, state)
    code, printed, complaint = asked(file)
    assert (code, json.loads(printed)["state"], complaint) == (0, state, "")


@pytest.mark.parametrize("state", ["warming", "stopping"])
def test_a_service_that_is_not_warm_is_not_well_and_says_how_it_is(file: Path, state: str) -> None:
    noted(file, state, error='it said "state":"ready"')
    code, printed, complaint = asked(file)
    assert (code, json.loads(printed)["state"], complaint) == (1, state, f"it is {state}")


def test_a_heartbeat_that_stopped_is_not_well(file: Path) -> None:
    noted(file, "ready")
    beat, at = file.read_text().splitlines()
    file.write_text(f"{beat}\n{int(at) - 9}\n")
    code, printed, complaint = asked(file)
    assert (code, printed) == (1, beat)
    assert complaint.startswith("no heartbeat has reached Redis for ")


@pytest.mark.parametrize(
    "text", ["{", "[]\n999999999\n", "{}\n999999999\n", '{"state":"ready"}\nnull\n', '{"state":"ready"}']
)
def test_a_broken_heartbeat_is_not_well(file: Path, text: str) -> None:
    file.write_text(text)
    code, printed, complaint = asked(file)
    assert (code, printed, complaint) == (1, text.splitlines()[0], "its heartbeat cannot be read")


def test_a_file_that_is_empty_or_was_never_written_is_not_well(file: Path) -> None:
    assert asked(file) == (1, "", "it has not started to beat")
    file.touch()
    assert asked(file) == (1, "", "it has not started to beat")


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
    return str(json.loads(file.read_text().splitlines()[0])["state"]) if file.exists() else ""


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


@pytest.mark.parametrize(("told", "count"), [("", 0), ("3", 3), ("often", 0)])
def test_who_keeps_a_service_running_tells_it_how_often(monkeypatch: pytest.MonkeyPatch, told: str, count: int) -> None:
    monkeypatch.setenv("MIRROR_RESTARTS", told)
    assert health.restart_count() == count
