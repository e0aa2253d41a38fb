"""The stage runner, in virtual time on the memory bus: order, staleness, retries, dead letters, hand-over."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from shared.bus import Lease, Output
from shared.clock import LoopClock
from shared.events import (
    AnyEvent,
    EpochAdvanced,
    ReplyClause,
    ReplyEnded,
    ReplyRequest,
    ScenePrompt,
    SessionClosed,
    SessionOpened,
    StageFailed,
    TurnDiscarded,
    decode,
    encode,
)
from shared.memory_bus import MemoryBus
from shared.runner import StageRunner
from shared.stage import Health, Visit, VisitWorkerBase
from shared.streams import SESSIONS, START, StreamId, key
from tests.support.virtual_time import run_virtual

SESSION = "visit"
Work = Callable[["EchoWorker", ReplyRequest], Any]


class EchoWorker(VisitWorkerBase):
    """Answers every request with one clause, the way `work` says."""

    def __init__(self, visit: Visit, work: Work) -> None:
        self.visit = visit
        self.work = work
        self.closed = False

    async def handle(self, event: AnyEvent) -> None:
        assert isinstance(event, ReplyRequest)
        await self.work(self, event)

    async def close(self) -> None:
        self.closed = True

    async def say(self, request: ReplyRequest, text: str) -> None:
        await self.visit.outlet.publish(
            ReplyClause(
                turn=request.turn, rev=request.rev, epoch=request.epoch, seq=request.rev * 1000 + 1, index=0, text=text
            )
        )


class EchoStage:
    name: ClassVar[str] = "llm"
    reads: ClassVar[Sequence[str]] = ("requests",)

    def __init__(self, work: Work) -> None:
        self.work = work
        self.workers: list[EchoWorker] = []

    async def warm_up(self) -> Health:
        return Health(engine="echo")

    def health(self) -> Health:
        return Health(engine="echo")

    def open_visit(self, visit: Visit) -> EchoWorker:
        self.workers.append(EchoWorker(visit, self.work))
        return self.workers[-1]

    async def close(self) -> None:
        pass


class Stand:
    """A bus with one open visit, and us as its session service."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.bus = MemoryBus(self.clock)
        self.stops: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        await self.bus.append(SESSIONS, encode(SessionOpened(session=SESSION, kiosk="k", language="en", script="s")), 9)
        lease = await self.bus.acquire(SESSION, "session", "us", 1e9)
        assert lease
        self.lease: Lease = lease

    def start(self, stage: EchoStage) -> StageRunner:
        runner = StageRunner(stage, self.bus, self.clock)
        stop = asyncio.Event()
        self.stops.append(stop)
        self.tasks.append(asyncio.create_task(runner.run(stop)))
        return runner

    async def put(self, event: Any, stream: str, at: StreamId) -> None:
        await self.bus.commit(self.lease, [Output(key(SESSION, stream), at, encode(event), 1000)])

    async def ask(self, turn: int, *, rev: int = 0, epoch: int = 0, said: str = "hello") -> None:
        request = ReplyRequest(
            turn=turn, rev=rev, epoch=epoch, seq=rev + 1, utterance=turn, said=said, language="en",
            prompt=ScenePrompt(scene="s", goal="g", persona="p"),
        )  # fmt: skip
        await self.put(request, "requests", StreamId(turn, rev + 1))

    async def clauses(self) -> list[tuple[int, int, str]]:
        entries = await self.bus.range(key(SESSION, "reply"), START)
        events = [decode(entry.payload) for entry in entries]
        return [(event.turn, event.rev, event.text) for event in events if isinstance(event, ReplyClause)]

    async def stop(self) -> None:
        for stop in self.stops:
            stop.set()
        await asyncio.gather(*self.tasks)


def play(scene: Callable[[Stand], Any]) -> None:
    async def main() -> None:
        stand = Stand()
        await stand.open()
        try:
            await scene(stand)
        finally:
            await stand.stop()

    run_virtual(main())


async def echo(worker: EchoWorker, request: ReplyRequest) -> None:
    await worker.say(request, request.said)


async def slow(worker: EchoWorker, request: ReplyRequest) -> None:
    await asyncio.sleep(0.5)
    await worker.say(request, request.said)


def test_events_are_handled_in_order() -> None:
    async def scene(stand: Stand) -> None:
        stand.start(EchoStage(echo))
        for turn in (1, 2, 3):
            await stand.ask(turn, said=str(turn))
        await asyncio.sleep(1)
        assert await stand.clauses() == [(1, 0, "1"), (2, 0, "2"), (3, 0, "3")]

    play(scene)


def test_a_new_epoch_ends_what_is_being_made() -> None:
    async def scene(stand: Stand) -> None:
        stand.start(EchoStage(slow))
        await stand.ask(1)
        await asyncio.sleep(0.4)
        await stand.put(EpochAdvanced(epoch=1), "control", StreamId(0, 1))
        await stand.ask(2, epoch=1, said="new")
        await asyncio.sleep(0.6)
        assert await stand.clauses() == [(2, 0, "new")]

    play(scene)


async def swallows(worker: EchoWorker, request: ReplyRequest) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await slow(worker, request)


async def breaks(worker: EchoWorker, request: ReplyRequest) -> None:
    try:
        await slow(worker, request)
    except asyncio.CancelledError:
        raise RuntimeError("it does not like to be stopped") from None


@pytest.mark.parametrize("work", [slow, swallows, breaks])
def test_however_a_handler_takes_its_cancellation_the_next_event_is_handled(work: Work) -> None:
    async def scene(stand: Stand) -> None:
        stand.start(EchoStage(work))
        for epoch in (1, 2, 3):
            await stand.ask(epoch, epoch=epoch - 1, said="old")
            await asyncio.sleep(0.4)
            await stand.put(EpochAdvanced(epoch=epoch), "control", StreamId(0, epoch))
        await stand.ask(4, epoch=3, said="new")
        await asyncio.sleep(0.6)
        assert await stand.clauses() == [(4, 0, "new")]

    play(scene)  # and it ends: its last stop is not mistaken for one of those before


def test_only_the_discarded_guess_dies() -> None:
    async def scene(stand: Stand) -> None:
        stand.start(EchoStage(slow))
        await stand.ask(1, rev=0, said="I am")
        await asyncio.sleep(0.3)
        await stand.put(TurnDiscarded(discarded_turn=1, discarded_rev=0), "control", StreamId(0, 1))
        await stand.ask(1, rev=1, said="I am here")
        await asyncio.sleep(1)
        assert await stand.clauses() == [(1, 1, "I am here")]

    play(scene)


def test_an_end_marker_gets_through_in_a_dead_epoch() -> None:
    async def end(worker: EchoWorker, request: ReplyRequest) -> None:
        await asyncio.sleep(0.1)
        worker.visit.outlet.freshness.epoch = 5  # type: ignore[attr-defined]
        await worker.say(request, "void")
        await worker.visit.outlet.publish(ReplyEnded(turn=request.turn, seq=999, clauses=0, reason="done"))

    async def scene(stand: Stand) -> None:
        stand.start(EchoStage(end))
        await stand.ask(1)
        await asyncio.sleep(1)
        events = [decode(entry.payload) for entry in await stand.bus.range(key(SESSION, "reply"), START)]
        assert [type(event) for event in events] == [ReplyEnded]

    play(scene)


def test_an_event_that_fails_three_times_hurts_only_itself() -> None:
    tries = []

    async def picky(worker: EchoWorker, request: ReplyRequest) -> None:
        tries.append(request.turn)
        if request.turn == 2:
            raise ValueError("cannot")
        await worker.say(request, request.said)

    async def scene(stand: Stand) -> None:
        stand.start(EchoStage(picky))
        for turn in (1, 2, 3):
            await stand.ask(turn)
        await asyncio.sleep(2)
        dead = [decode(entry.payload) for entry in await stand.bus.range(key(SESSION, "dead.llm"), START)]
        assert [turn for turn, _, _ in await stand.clauses()] == [1, 3]
        assert [(event.failed_turn, event.reason) for event in dead if isinstance(event, StageFailed)] == [
            (2, "ValueError")
        ]

    play(scene)
    assert tries == [1, 2, 2, 2, 3]


def test_bytes_that_are_no_event_go_to_the_dead_letters() -> None:
    async def scene(stand: Stand) -> None:
        stand.start(EchoStage(echo))
        poison = Output(key(SESSION, "requests"), StreamId(1, 1), b"\xc1 no msgpack", 100)
        await stand.bus.commit(stand.lease, [poison])
        await stand.ask(2)
        await asyncio.sleep(1)
        assert len(await stand.bus.range(key(SESSION, "dead.llm"), START)) == 1
        assert [turn for turn, _, _ in await stand.clauses()] == [2]

    play(scene)


def test_a_worker_that_stops_hands_over_and_nothing_is_said_twice() -> None:
    async def scene(stand: Stand) -> None:
        stand.start(EchoStage(echo))
        await stand.ask(1)
        await asyncio.sleep(0.5)
        stand.stops.pop().set()
        await stand.tasks.pop()
        second = EchoStage(echo)
        stand.start(second)
        await stand.ask(2)
        await asyncio.sleep(0.5)
        assert [turn for turn, _, _ in await stand.clauses()] == [1, 2]
        assert len(second.workers) == 1

    play(scene)


def test_a_sibling_takes_over_when_a_worker_falls_silent() -> None:
    async def scene(stand: Stand) -> None:
        stand.start(EchoStage(echo))
        await asyncio.sleep(0.3)
        stand.tasks[0].cancel()  # dies without a word: its lease runs out
        stand.tasks.clear()
        stand.stops.clear()
        sibling = EchoStage(echo)
        stand.start(sibling)
        await stand.ask(1)
        await asyncio.sleep(2)
        assert [turn for turn, _, _ in await stand.clauses()] == [1]

    play(scene)


def test_an_event_that_kills_three_workers_is_buried_by_the_fourth() -> None:
    async def scene(stand: Stand) -> None:
        await stand.ask(1)
        await stand.ask(2)
        for _ in range(3):  # workers died on it: the lease was taken three times without progress
            assert await stand.bus.acquire(SESSION, "llm", "dead", 0.1)
            await asyncio.sleep(0.2)
        stand.start(EchoStage(echo))
        await asyncio.sleep(1)
        assert [turn for turn, _, _ in await stand.clauses()] == [2]
        assert len(await stand.bus.range(key(SESSION, "dead.llm"), START)) == 1

    play(scene)


def test_workers_that_died_with_nothing_to_do_are_held_against_no_event() -> None:
    async def scene(stand: Stand) -> None:
        for _ in range(5):
            assert await stand.bus.acquire(SESSION, "llm", "dead", 0.1)
            await asyncio.sleep(0.2)
        stand.start(EchoStage(echo))
        await asyncio.sleep(1)
        await stand.ask(1)
        await asyncio.sleep(1)
        assert [turn for turn, _, _ in await stand.clauses()] == [1]

    play(scene)


def test_a_closed_session_is_forgotten() -> None:
    async def scene(stand: Stand) -> None:
        stage = EchoStage(echo)
        runner = stand.start(stage)
        await asyncio.sleep(0.3)
        await stand.bus.append(SESSIONS, encode(SessionClosed(session=SESSION)), 9)
        await asyncio.sleep(0.3)
        assert stage.workers[0].closed
        assert runner.heartbeat().sessions == ()

    play(scene)


class IdlingStage(EchoStage):
    """One that does something between visits."""

    idle_place = "here"

    def __init__(self) -> None:
        super().__init__(echo)
        self.told: list[bool] = []

    def may_idle(self, *, is_allowed: bool) -> None:
        if self.told[-1:] != [is_allowed]:
            self.told.append(is_allowed)


def test_between_visits_one_replica_idles_and_during_them_none() -> None:
    async def scenario(stand: Stand) -> None:
        stages = [IdlingStage(), IdlingStage()]
        for stage in stages:
            stand.start(stage)
        await asyncio.sleep(1.0)
        assert sorted(len(stage.workers) for stage in stages) == [0, 1]
        await stand.bus.append(SESSIONS, encode(SessionClosed(session=SESSION)), 9)
        await asyncio.sleep(1.0)
        assert sorted(stage.told for stage in stages) == [[False], [False, True]]

    play(scenario)
