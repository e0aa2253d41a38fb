"""A GPU's context that is lost: known by its words, covered to the end of the visit, healed by another process."""

import asyncio
from typing import Any

import msgspec
import pytest

from shared.errors import ContextLost, EngineFailed
from shared.events import SessionClosed, encode
from shared.lost_context import LOST, engine_failed, is_lost
from shared.stage import Health
from shared.streams import SESSIONS
from tests.shared.test_runner import SESSION, EchoStage, Stand, echo, play

CUDNN = "onnxruntime::CudaCall(...) CUDNN failure 5000: CUDNN_STATUS_EXECUTION_FAILED ; GPU=0"


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be asynchronously reported",
        "CUDA error: device-side assert triggered",
        "CUDA failed with error unspecified launch failure",
        "[ONNXRuntimeError] : 1 : FAIL : " + 300 * "x" + " CUDA failure 700: an illegal memory access was encountered ; GPU=0",
        "CUDA error cudaErrorMisalignedAddress:misaligned address",
        "CUDA error: the launch timed out and was terminated",
        "CUDA error: unknown error",
    ],
)  # fmt: skip
def test_words_after_which_no_call_works_are_known(said: str) -> None:
    error = engine_failed("f5: the network failed", RuntimeError(said))
    assert str(error) == f"f5: the network failed; {LOST}"
    assert is_lost(f"fallback: {error}")


@pytest.mark.parametrize(
    "said",
    ["CUDA out of memory. Tried to allocate 2 GiB", "cuBLAS: CUBLAS_STATUS_ALLOC_FAILED", CUDNN, "", "shape mismatch"],
)
def test_what_may_go_better_the_next_time_is_only_a_failure(said: str) -> None:
    error = engine_failed("f5: the network failed", RuntimeError(said))
    assert type(error) is EngineFailed
    assert not is_lost(str(error))


class GpuStage(EchoStage):
    """A stage whose health the test writes."""

    now = Health(engine="gpu")

    async def warm_up(self) -> Health:
        return self.now

    def health(self) -> Health:
        return self.now

    def loses(self, *, fallbacks: int) -> None:
        self.now = msgspec.structs.replace(
            self.now, is_lost=True, is_degraded=True, fallbacks=fallbacks, last_error=f"gpu: failed; {LOST}"
        )


def scene_of(scene: Any) -> None:
    async def main(stand: Stand) -> None:
        stage = GpuStage(echo)
        runner = stand.start(stage)
        await asyncio.sleep(1.0)
        assert runner.heartbeat().sessions == (SESSION,)
        await scene(stand, stage)

    play(main)


async def ended(stand: Stand) -> str:
    """How the process ends, within a second of the loop's time."""
    await asyncio.wait(stand.tasks, timeout=1.0)
    task = stand.tasks.pop()
    stand.stops.pop()
    assert task.done()
    with pytest.raises(ContextLost) as lost:
        task.result()
    return str(lost.value)


def test_while_another_engine_covers_the_visit_goes_on_and_the_process_ends_after_it() -> None:
    async def scene(stand: Stand, stage: GpuStage) -> None:
        stage.loses(fallbacks=1)
        await stand.ask(1)
        await asyncio.sleep(5.0)
        assert [turn for turn, _, _ in await stand.clauses()] == [1]
        assert not stand.tasks[0].done()
        await stand.bus.append(SESSIONS, encode(SessionClosed(session=SESSION)), 9)
        assert LOST in await ended(stand)

    scene_of(scene)


def test_where_nothing_covers_the_process_ends_at_once_and_the_next_one_has_the_visit() -> None:
    async def scene(stand: Stand, stage: GpuStage) -> None:
        stage.loses(fallbacks=0)
        assert "started again" in await ended(stand)
        fresh = GpuStage(echo)
        runner = stand.start(fresh)
        await stand.ask(1)
        await asyncio.sleep(0.5)
        assert [turn for turn, _, _ in await stand.clauses()] == [1]
        assert runner.heartbeat().state == "ready"

    scene_of(scene)


def test_one_that_was_lost_from_its_start_is_not_started_for_ever() -> None:
    async def main(stand: Stand) -> None:
        stage = GpuStage(echo)
        stage.loses(fallbacks=1)
        runner = stand.start(stage)
        await stand.bus.append(SESSIONS, encode(SessionClosed(session=SESSION)), 9)
        await asyncio.sleep(5.0)
        assert not stand.tasks[0].done()
        assert runner.heartbeat().state == "degraded"

    play(main)


class Lost(GpuStage):
    """Well when it was warmed, lost before anybody came."""

    async def warm_up(self) -> Health:
        well = self.now
        self.loses(fallbacks=1)
        return well


def test_no_visit_is_begun_on_an_engine_that_is_lost() -> None:
    async def main(stand: Stand) -> None:
        stage = Lost(echo)
        stand.start(stage)
        await ended(stand)
        assert stage.workers == []

    play(main)
