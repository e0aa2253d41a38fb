"""Between visits the face sleeps and breathes; it is never sent by two at once."""

import asyncio
from typing import Any

import numpy as np
import pytest

from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.engines import ENGINES
from services.a2f_bridge.stage import BridgeStage
from shared.bus import Lease
from shared.clock import LoopClock
from shared.events import SessionClosed, SessionOpened, encode
from shared.memory_bus import MemoryBus
from shared.runner import StageRunner
from shared.stage import Visit
from shared.streams import SESSIONS
from tests.support.a2f_bridge_room import KeepingSender, RememberingOutlet
from tests.support.virtual_time import run_virtual


def open_stage(**settings: Any) -> tuple[BridgeStage, KeepingSender]:
    config = BridgeConfig(**{"engine": "scripted", **settings})
    stage, sender = BridgeStage(config, ENGINES.open(config), LoopClock()), KeepingSender()
    stage.sender = sender  # type: ignore[assignment]  # the socket's place
    return stage, sender


def sleep_for(seconds: float, **settings: Any) -> KeepingSender:
    """What a bridge sends that is warm and has no visit."""

    async def main() -> KeepingSender:
        stage, sender = open_stage(**settings)
        await stage.warm_up()
        await asyncio.sleep(seconds)
        await stage.close()
        sent = len(sender.packets)
        await asyncio.sleep(1.0)
        assert len(sender.packets) == sent
        return sender

    return run_virtual(main())


def test_from_warm_to_closed_a_sleeping_face_is_sent_thirty_times_a_second() -> None:
    sender = sleep_for(10.0)
    assert len(sender.packets) == pytest.approx(300, abs=2)
    assert sender.value("EyeBlinkLeft")[90:].min() > 0.9
    assert sender.value("JawOpen").max() < 0.1


def test_it_breathes() -> None:
    assert np.ptp(sleep_for(10.0).value("HeadPitch")[90:]) > 0.005


def test_each_packet_says_when_it_is_due_at_the_glass() -> None:
    sender = sleep_for(1.0, av_offset_ms=120)
    assert sender.due() - np.array(sender.sent_at) == pytest.approx(0.12, abs=1e-4)


def test_it_can_be_switched_off() -> None:
    assert sleep_for(5.0, idle_hz=0).packets == []


def test_a_subject_that_belongs_to_one_visit_is_not_sent_without_one() -> None:
    assert sleep_for(5.0, subject="MirrorFace {session}").packets == []


def test_while_a_visit_has_the_face_nobody_else_sends_it() -> None:
    async def main() -> None:
        stage, sender = open_stage()
        await stage.warm_up()
        await asyncio.sleep(2.0)
        for name in ("s1", "s2"):
            visit = Visit(session=name, language="en", outlet=RememberingOutlet(), clock=LoopClock())
            worker = stage.open_visit(visit)
            alive = asyncio.create_task(worker.run())
            await asyncio.sleep(0.1)
            sender.sent_at.clear()
            await asyncio.sleep(2.0)
            assert np.diff(sender.sent_at) == pytest.approx(1 / 60, abs=1e-6)
            alive.cancel()
            await asyncio.wait({alive})
            await worker.close()
            sender.sent_at.clear()
            await asyncio.sleep(2.0)
            assert len(sender.sent_at) == pytest.approx(60, abs=2)
        await stage.close()

    run_virtual(main())


def test_two_visits_at_once_keep_it_quiet_until_both_are_over() -> None:
    async def main() -> None:
        stage, sender = open_stage()
        for visit in ("s1", "s2", "s2"):
            stage.attract.give_way(visit)
        await stage.warm_up()
        for visit in ("s1", "s1", "s2"):
            await asyncio.sleep(0.5)
            assert sender.packets == []
            stage.attract.over(visit)
        await asyncio.sleep(0.5)
        assert sender.packets
        await stage.close()

    run_virtual(main())


def test_a_moment_in_which_the_face_of_a_visit_is_broken_is_not_slept_through() -> None:
    async def main() -> None:
        stage, sender = open_stage()
        await stage.warm_up()
        visit = Visit(session="s1", language="en", outlet=RememberingOutlet(), clock=LoopClock())
        worker = stage.open_visit(visit)
        alive = asyncio.create_task(worker.run())
        await asyncio.sleep(0.5)
        alive.cancel()  # as if it had raised: the runner starts it again
        await asyncio.wait({alive})
        sender.packets.clear()
        await asyncio.sleep(0.5)
        assert sender.packets == []
        await worker.close()
        await stage.close()

    run_virtual(main())


def test_a_busy_machine_gets_no_burst() -> None:
    async def main() -> None:
        stage, sender = open_stage()
        await stage.warm_up()
        await asyncio.sleep(1.0)
        loop: Any = asyncio.get_running_loop()
        loop._jump(0.5)
        await asyncio.sleep(1.0)
        await stage.close()
        assert np.diff(sender.due()).min() > 0.99 / 30

    run_virtual(main())


def test_who_may_not_idle_sends_no_sleeping_face_until_it_may() -> None:
    async def main() -> None:
        stage, sender = open_stage()
        await stage.warm_up()
        await asyncio.sleep(0.5)
        for is_allowed in (False, False, True):
            sender.packets.clear()
            stage.may_idle(is_allowed=is_allowed)
            await asyncio.sleep(0.5)
            assert bool(sender.packets) is is_allowed
        await stage.close()

    run_virtual(main())


class Pair:
    """Two replicas with real runners on one bus, and how many of the two sent in a while."""

    def __init__(self, *kiosks: tuple[str, ...]) -> None:
        self.bus = MemoryBus(LoopClock())
        self.stages = [open_stage() for _ in kiosks]
        self.stops = [asyncio.Event() for _ in kiosks]
        runners = [
            StageRunner(stage, self.bus, LoopClock(), kiosks=bound)
            for (stage, _), bound in zip(self.stages, kiosks, strict=True)
        ]
        self.tasks = [asyncio.create_task(runner.run(stop)) for runner, stop in zip(runners, self.stops, strict=True)]

    async def senders(self, after_s: float = 0.0) -> list[int]:
        await asyncio.sleep(after_s)
        for _, sender in self.stages:
            sender.packets.clear()
        await asyncio.sleep(1.0)
        return [number for number, (_, sender) in enumerate(self.stages) if sender.packets]

    async def end(self) -> None:
        for stop in self.stops:
            stop.set()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def test_of_two_idle_replicas_one_sends_and_the_other_when_the_first_stops_or_dies() -> None:
    async def main() -> None:
        for is_killed in (False, True):
            pair = Pair((), ())
            [first] = await pair.senders(0.0)
            assert await pair.senders(5.0) == [first]
            if is_killed:
                pair.bus.release = _never  # type: ignore[method-assign]  # a dead one says nothing
            pair.stops[first].set()
            assert await pair.senders(1.5) == [1 - first]
            await pair.end()

    run_virtual(main())


async def _never(lease: Lease) -> None:
    """Released by nobody."""


def test_while_one_of_two_replicas_has_a_visit_neither_sleeps() -> None:
    async def main() -> None:
        pair = Pair((), ())
        before = await pair.senders(1.0)
        await pair.bus.append(SESSIONS, encode(SessionOpened(session="v", kiosk="k", language="en", script="s")), 9)
        await asyncio.sleep(1.0)
        assert [stage.attract.is_sending for stage, _ in pair.stages] == [False, False]
        await pair.bus.append(SESSIONS, encode(SessionClosed(session="v")), 9)
        assert await pair.senders(1.0) == before
        await pair.end()

    run_virtual(main())


@pytest.mark.parametrize(("bound", "faces"), [(("left", "right"), 2), (("left", "left"), 1)])
def test_every_mirror_has_one_sleeping_face(bound: tuple[str, ...], faces: int) -> None:
    async def main() -> None:
        pair = Pair(*((name,) for name in bound))
        assert len(await pair.senders(1.0)) == faces
        await pair.end()

    run_virtual(main())
