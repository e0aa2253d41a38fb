"""The visits one worker holds: heard of, claimed by a lease, worked for, renewed, and handed to a sibling at the end."""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from shared.bus import Bus, Lease
from shared.clock import Clock
from shared.errors import BusUnavailable, Fenced
from shared.events import VOCABULARY, HouseOpened, LeaseOffered, SessionClosed, SessionOpened, encode, understood
from shared.idling import Idling
from shared.stage import Stage
from shared.streams import GLOBAL_CAP, SESSIONS, START, offers
from shared.visit_runner import VisitRunner

LOG = logging.getLogger(__name__)

LEASE_S = 1.0
"""A worker that dies is replaced after at most this long plus one poll."""

POLL_S = 0.1
"""How often an idle worker looks whether a session is free."""


class _Held(NamedTuple):
    lease: Lease
    runner: VisitRunner
    task: asyncio.Task[None]


class HeldVisits:
    """The claims of one worker. Whoever has it runs `watch` and `keep` side by side, and `hand_over` when they have ended."""

    def __init__(self, stage: Stage, bus: Bus, clock: Clock, worker: str, kiosks: tuple[str, ...]) -> None:
        self._stage = stage
        self._bus = bus
        self._clock = clock
        self._worker = worker
        self._kiosks = kiosks
        self._idling = Idling(stage, bus, worker, kiosks)
        self._open: dict[str, SessionOpened] = {}
        self._held: dict[str, _Held] = {}
        self._cursors = {SESSIONS: START, offers(stage.name): START}
        self._past_failures = 0
        self._past_error = ""
        self.refusal = ""
        """Why it claims no visits: the session service speaks another version of events."""

    @property
    def sessions(self) -> tuple[str, ...]:
        """Those it works for now."""
        return tuple(self._held)

    @property
    def lag_s(self) -> float:
        """How far behind the slowest of its visits is, seconds."""
        return max((held.runner.lag_s for held in self._held.values()), default=0.0)

    @property
    def failures(self) -> int:
        """Events that failed, in visits past and present."""
        return self._past_failures + sum(held.runner.failures for held in self._held.values())

    @property
    def last_error(self) -> str:
        """That of a visit it holds, else that of one it held; empty if all went well."""
        return next(
            (held.runner.last_error for held in self._held.values() if held.runner.last_error), self._past_error
        )

    async def watch(self, may_claim: Callable[[], bool]) -> None:
        """Hear what opens and closes, and claim what is free, until cancelled."""
        while True:
            try:
                entries = await self._bus.read(self._cursors, wait_s=POLL_S, count=GLOBAL_CAP)
                for entry in entries:
                    self._cursors[entry.key] = entry.id
                    self._hear(understood(entry.payload))
                self._idling.note_visits(are_open=any(map(self._is_for_us, self._open.values())))
                if may_claim():
                    await self._claim()
            except BusUnavailable:
                await asyncio.sleep(POLL_S)

    async def keep(self) -> None:
        """Renew every lease in time, until cancelled; a visit whose lease is another's is let go of."""
        while True:
            await asyncio.sleep(LEASE_S / 3)
            await self._idling.renew(LEASE_S)
            for held in list(self._held.values()):
                try:
                    if not await self._bus.renew(held.lease, LEASE_S):
                        held.task.cancel()
                except BusUnavailable:
                    break  # nobody else can take it either; commits prove ownership anyway

    async def hand_over(self) -> None:
        """Let go of every visit and wake the peers: they take over within milliseconds."""
        await self._idling.give_up()
        for session, held in list(self._held.items()):
            held.task.cancel()
            await asyncio.wait({held.task})
            offer = LeaseOffered(session=session, at=self._clock.now())
            try:
                await self._bus.release(held.lease)
                await self._bus.append(offers(self._stage.name), encode(offer), GLOBAL_CAP)
            except BusUnavailable:
                LOG.warning("could not hand a visit over; its lease runs out by itself")

    def _hear(self, event: object) -> None:
        match event:
            case HouseOpened():
                self._agree(event.vocabulary)
            case SessionOpened():
                self._agree(event.vocabulary)
                if not self.refusal:
                    self._open[event.session] = event
            case SessionClosed():
                self._open.pop(event.session, None)
                if held := self._held.get(event.session):
                    held.task.cancel()
            case _:
                pass  # an offer (the claim that follows every read takes it up), or nothing we understand

    def _agree(self, vocabulary: int) -> None:
        """Whether we can work for a session service that speaks this version of events; says so once if not."""
        before, self.refusal = self.refusal, other_vocabulary(vocabulary)
        if self.refusal and self.refusal != before:
            LOG.error("%s: claims no visits: %s", self._stage.name, self.refusal)

    def _is_for_us(self, opened: SessionOpened) -> bool:
        return not self._kiosks or opened.kiosk in self._kiosks

    async def _claim(self) -> None:
        for session, opened in list(self._open.items()):
            if session in self._held or not self._is_for_us(opened):
                continue
            lease = await self._bus.acquire(session, self._stage.name, self._worker, LEASE_S)
            if lease is None:
                continue
            runner = VisitRunner(self._stage, self._bus, self._clock, lease, opened.language)
            task = asyncio.create_task(runner.run(), name=f"visit {session}")
            self._held[session] = _Held(lease, runner, task)
            task.add_done_callback(lambda done, session=session: self._visit_over(session, done))  # type: ignore[misc]
            # mypy cannot infer a lambda with a default; the default is needed to bind this iteration's session

    def _visit_over(self, session: str, task: asyncio.Task[None]) -> None:
        runner = self._held.pop(session).runner
        self._past_failures += runner.failures
        self._past_error = runner.last_error or self._past_error
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, Fenced):
            self._past_error = f"{type(error).__name__}: {error}"
            LOG.error("a visit's work ended", exc_info=error, extra={"stage": self._stage.name})


def other_vocabulary(theirs: int) -> str:
    """Why who speaks that version of events and who speaks ours cannot work together; empty if they can."""
    if theirs == VOCABULARY:
        return ""
    return f"speaks events {VOCABULARY}, the session service events {theirs}; run both from the same release"
