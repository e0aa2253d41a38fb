"""The recording's clock: as fast as it goes, or at a pace."""

import asyncio
import time

import pytest

from rig.replay.command import pace_of
from rig.replay.loop import AS_FAST_AS_IT_GOES, ReplayLoop, run_paced
from shared.errors import ConfigError


def test_as_fast_as_it_goes_an_hour_costs_nothing_and_instants_are_the_recordings() -> None:
    async def main(loop: ReplayLoop) -> list[float]:
        loop.start_clock(17_000.0)
        await asyncio.sleep(3_600.0)
        return [loop.time()]

    assert run_paced(main, AS_FAST_AS_IT_GOES) == [20_600.0]


def test_time_stands_still_while_anything_computes() -> None:
    async def main(loop: ReplayLoop) -> float:
        loop.start_clock(10.0)
        ticker = asyncio.create_task(asyncio.sleep(1.0))
        await loop.run_in_executor(None, time.sleep, 0.02)
        ticker.cancel()
        return loop.time()

    assert run_paced(main, AS_FAST_AS_IT_GOES) == 10.0


def test_what_fails_in_an_executor_fails_where_it_is_awaited() -> None:
    async def main(loop: ReplayLoop) -> None:
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)

    run_paced(main, AS_FAST_AS_IT_GOES)


def test_a_deadlock_is_an_error_and_no_endless_wait() -> None:
    async def main(loop: ReplayLoop) -> None:
        await loop.create_future()

    with pytest.raises(RuntimeError, match="every task waits for another"):
        run_paced(main, AS_FAST_AS_IT_GOES)


def test_a_peer_on_a_socket_is_given_time_to_answer() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"here\n")
        writer.close()

    async def main(loop: ReplayLoop) -> bytes:
        loop.start_clock(10.0)
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            host, port = server.sockets[0].getsockname()
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"anybody?\n")
            async with asyncio.timeout(30.0):
                line = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return line

    assert run_paced(main, AS_FAST_AS_IT_GOES) == b"here\n"


def test_at_a_pace_the_clock_runs_that_much_faster_than_the_hosts() -> None:
    async def main(loop: ReplayLoop) -> tuple[float, float]:
        loop.start_clock(100.0)
        began = time.monotonic()
        await asyncio.sleep(5.0)
        return loop.time() - 100.0, time.monotonic() - began

    passed, took = run_paced(main, 100.0)
    assert passed >= 5.0
    assert took < passed  # on the host's clock they would be the same


def test_before_the_clock_is_started_time_runs_as_on_the_host() -> None:
    async def main(loop: ReplayLoop) -> float:
        before = loop.time()
        await asyncio.sleep(0.01)
        return loop.time() - before

    assert run_paced(main, 1000.0) >= 0.01


@pytest.mark.parametrize(("text", "pace"), [("1", 1.0), ("2.5", 2.5), ("max", AS_FAST_AS_IT_GOES)])
def test_paces(text: str, pace: float) -> None:
    assert pace_of(text) == pace


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "1e9"])
def test_a_pace_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--speed"):
        pace_of(text)
