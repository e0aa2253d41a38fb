import asyncio
import threading
from collections.abc import Generator, Iterator

import pytest

from services.tts.desk import EngineDesk
from shared.errors import EngineFailed


async def test_what_is_waited_for_goes_before_what_waited_longer() -> None:
    desk, done = EngineDesk(), list[str]()
    gate = threading.Event()
    first = asyncio.create_task(desk.do(gate.wait, is_urgent=False))
    later = [asyncio.create_task(desk.do(lambda: done.append("line"), is_urgent=False))]
    await asyncio.sleep(0)
    later.append(asyncio.create_task(desk.do(lambda: done.append("clause"), is_urgent=True)))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *later)
    assert done == ["clause", "line"]
    desk.close()


async def test_an_urgent_clause_goes_between_the_pieces_of_a_line() -> None:
    desk, done = EngineDesk(), list[str]()
    began, gate = asyncio.Event(), threading.Event()

    def line() -> Iterator[int]:
        for piece in range(3):
            gate.wait()
            done.append(f"line {piece}")
            yield piece

    async def render() -> None:
        began.set()
        async for _ in desk.pieces(line, is_urgent=False):
            pass

    rendering = asyncio.create_task(render())
    await began.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    clause = asyncio.create_task(desk.do(lambda: done.append("clause"), is_urgent=True))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(rendering, clause)
    assert done.index("clause") < done.index("line 2")
    desk.close()


async def test_cancelled_work_that_has_not_begun_never_runs() -> None:
    desk, done = EngineDesk(), list[str]()
    gate = threading.Event()
    first = asyncio.create_task(desk.do(gate.wait, is_urgent=True))
    second = asyncio.create_task(desk.do(lambda: done.append("cancelled"), is_urgent=True))
    await asyncio.sleep(0)
    second.cancel()
    gate.set()
    await first
    await desk.do(lambda: done.append("next"), is_urgent=True)
    assert done == ["next"]
    desk.close()


async def test_cancelling_running_work_does_not_let_two_run_at_once() -> None:
    desk = EngineDesk()
    gate, running = threading.Event(), threading.Event()

    def work() -> None:
        running.set()
        gate.wait()

    first = asyncio.create_task(desk.do(work, is_urgent=True))
    await asyncio.to_thread(running.wait)
    first.cancel()
    second = asyncio.create_task(desk.do(gate.is_set, is_urgent=True))
    await asyncio.sleep(0)
    gate.set()
    assert await second is True
    desk.close()


async def test_steps_return_what_their_generator_returns() -> None:
    def steps() -> Generator[None, None, str]:
        yield
        yield
        return "voice"

    desk = EngineDesk()
    assert await desk.last(steps, is_urgent=False) == "voice"
    desk.close()


async def test_a_failure_reaches_the_one_who_asked_and_the_desk_goes_on() -> None:
    def fail() -> None:
        raise EngineFailed("no")

    desk = EngineDesk()
    with pytest.raises(EngineFailed):
        await desk.do(fail, is_urgent=True)
    assert await desk.do(lambda: 1, is_urgent=True) == 1
    desk.close()
