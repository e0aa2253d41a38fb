"""The stage runner: takes leases, runs visits, beats, and hands over cleanly when told to stop."""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from shared import health
from shared.bus import Bus, Lease
from shared.clock import Clock
from shared.config import section, settings_from_environment
from shared.errors import BusUnavailable, ConfigError, ContextLost, EngineUnavailable, Fenced
from shared.events import (
    VOCABULARY,
    Heartbeat,
    HouseOpened,
    LeaseOffered,
    SessionClosed,
    SessionOpened,
    encode,
    understood,
)
from shared.house_clock import HouseClock, running
from shared.last_words import tell_failed_start
from shared.loop import run, settle_memory
from shared.redis_bus import RedisBus
from shared.stage import Health, KnowsVisits, Stage
from shared.streams import SESSIONS, STAGES, START, offers
from shared.visit_runner import VisitRunner

LOG = logging.getLogger(__name__)

LEASE_S = 1.0
"""A worker that dies is replaced after at most this long plus one poll."""

POLL_S = 0.1
"""How often an idle worker looks whether a session is free."""

HEARTBEAT_S = 0.5

LOST_CODE = 5
"""Exit code of a process whose engine works only in another one."""

GLOBAL_CAP = 512
"""Longest the global streams grow, in events."""


class WorkerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `[worker]`: of this one process, whatever its stage."""

    kiosks: tuple[str, ...] = ()
    """The only kiosks whose visits it takes; empty: any. A virtual human is one kiosk's: docs/scaling.md."""


class StageRunner:
    """Everything a stage does not do itself. One instance per process."""

    def __init__(
        self,
        stage: Stage,
        bus: Bus,
        clock: Clock,
        *,
        kiosks: tuple[str, ...] = (),
        version: str = "",
        when_warm: Callable[[], None] = lambda: None,
    ) -> None:
        self.stage = stage
        self._bus = bus
        self._clock = clock
        self.worker = f"{stage.name}-{os.getpid()}-{secrets.token_hex(3)}"
        self._kiosks = kiosks
        self._version = version
        self._when_warm = when_warm
        self._open: dict[str, SessionOpened] = {}
        self._running: dict[str, tuple[Lease, VisitRunner, asyncio.Task[None]]] = {}
        self._state = "warming"
        self._health = Health(engine="")
        self._past_failures = 0
        self._last_error = ""
        self._started_at = clock.now()
        self._refusal = ""
        """Why it claims no visits: the session service speaks another version of events."""
        self._cursors = {SESSIONS: START, offers(stage.name): START}

    async def run(self, stop: asyncio.Event) -> None:
        """Warm up, then serve visits until `stop` is set, then hand every visit over.

        Raises:
            EngineUnavailable: The engine cannot be opened.
            ContextLost: It will never work again in this process; every visit is handed over.
        """
        heartbeat = asyncio.create_task(self._beat())
        try:
            self._health = await self.stage.warm_up()
            self._when_warm()
            self._state = "ready"
            self._say_ready()
            await self._serve(stop)
            if self._is_to_restart():
                raise ContextLost(f"{self.stage.name} ends to be started again: {self.stage.health().last_error}")
        except (EngineUnavailable, ConfigError) as error:
            self._state, self._last_error = "failed", str(error)  # the operator reads it on the board
            raise
        finally:
            if self._state != "failed":
                self._state = "stopping"
            heartbeat.cancel()
            await asyncio.wait({heartbeat})
            await self._hand_over()
            await self._tell()
            await self.stage.close()

    def _say_ready(self) -> None:
        LOG.info("ready", extra={"stage": self.stage.name, "engine": self._health.engine})
        if self._health.is_degraded and self._health.last_error:
            LOG.warning(
                "not at its best: %s", self._health.last_error
            )  # nobody has spoken yet: there is no speech in it

    async def _serve(self, stop: asyncio.Event) -> None:
        # A background task that dies must end the process: a worker that silently stops renewing is worse than none.
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop()) for loop in (self._watch_sessions, self._keep_leases)]
            ends = [group.create_task(stop.wait()), group.create_task(self._watch_engine())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in (*tasks, *ends):
                task.cancel()

    async def _watch_engine(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if self._is_to_restart():
                return

    def _is_to_restart(self) -> bool:
        """Its engine is lost, and nobody misses it: another covers the visit to its end, or there is none; or nobody can.

        One that was lost from the start is no better after another start.
        """
        health = self.stage.health()
        is_covered = health.fallbacks > 0 and bool(self._running)
        return health.is_lost and not self._health.is_lost and not is_covered

    # --- sessions ---------------------------------------------------------------------------------------------------

    async def _watch_sessions(self) -> None:
        while True:
            try:
                entries = await self._bus.read(self._cursors, wait_s=POLL_S, count=GLOBAL_CAP)
                for entry in entries:
                    self._cursors[entry.key] = entry.id
                    self._hear_of_session(understood(entry.payload))
                await self._claim()
            except BusUnavailable:
                await asyncio.sleep(POLL_S)

    def _hear_of_session(self, event: object) -> None:
        match event:
            case HouseOpened():
                self._agree(event.vocabulary)
            case SessionOpened():
                self._agree(event.vocabulary)
                if not self._refusal:
                    self._open[event.session] = event
            case SessionClosed():
                self._open.pop(event.session, None)
                if running := self._running.get(event.session):
                    running[2].cancel()
            case _:
                return  # an offer (the claim that follows every read takes it up), or nothing we understand
        if isinstance(self.stage, KnowsVisits):
            self.stage.note_visits(are_open=any(map(self._is_for_us, self._open.values())))

    def _is_for_us(self, opened: SessionOpened) -> bool:
        return not self._kiosks or opened.kiosk in self._kiosks

    def _agree(self, vocabulary: int) -> None:
        """Whether we can work for a session service that speaks this version of events; says so once if not."""
        before, self._refusal = self._refusal, other_vocabulary(vocabulary)
        if self._refusal and self._refusal != before:
            LOG.error("%s: claims no visits: %s", self.stage.name, self._refusal)

    async def _claim(self) -> None:
        if self._is_to_restart():
            return
        for session, opened in list(self._open.items()):
            if session in self._running or not self._is_for_us(opened):
                continue
            lease = await self._bus.acquire(session, self.stage.name, self.worker, LEASE_S)
            if lease is None:
                continue
            runner = VisitRunner(self.stage, self._bus, self._clock, lease, opened.language)
            task = asyncio.create_task(runner.run(), name=f"visit {session}")
            self._running[session] = (lease, runner, task)
            task.add_done_callback(lambda done, session=session: self._visit_over(session, done))  # type: ignore[misc]
            # mypy cannot infer a lambda with a default; the default is needed to bind this iteration's session

    def _visit_over(self, session: str, task: asyncio.Task[None]) -> None:
        _, runner, _ = self._running.pop(session)
        self._past_failures += runner.failures
        self._last_error = runner.last_error or self._last_error
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, Fenced):
            self._last_error = f"{type(error).__name__}: {error}"
            LOG.error("a visit's work ended", exc_info=error, extra={"stage": self.stage.name})

    # --- leases and heartbeats --------------------------------------------------------------------------------------

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 3)
            for lease, _, task in list(self._running.values()):
                try:
                    if not await self._bus.renew(lease, LEASE_S):
                        task.cancel()
                except BusUnavailable:
                    break  # nobody else can take it either; commits prove ownership anyway

    async def _beat(self) -> None:
        while True:
            await self._tell()
            await asyncio.sleep(HEARTBEAT_S)

    async def _tell(self) -> None:
        beat = self.heartbeat()
        with contextlib.suppress(BusUnavailable):  # the next beat tells
            await self._bus.append(STAGES, encode(beat), GLOBAL_CAP)
            health.note(beat)

    def heartbeat(self) -> Heartbeat:
        """How this worker is, now."""
        visits = [visit for _, visit, _ in self._running.values()]
        health = self.stage.health() if self._state != "warming" else self._health
        state = self._state
        if state == "ready" and health.is_degraded:
            state = "degraded"
        if self._refusal and state in ("ready", "degraded"):
            state = "refused"
        return Heartbeat(
            at=self._clock.now(),
            stage=self.stage.name,
            worker=self.worker,
            state=state,
            engine=health.engine,
            device=health.device,
            version=health.version or self._version,
            warm_s=health.warm_s,
            sessions=tuple(self._running),
            lag_s=max((visit.lag_s for visit in visits), default=0.0),
            failures=self._past_failures + sum(visit.failures for visit in visits),
            fallbacks=health.fallbacks,
            last_error=self._newest_error(health, visits),
            started_at=self._started_at,
            detail=health.detail,
            vocabulary=VOCABULARY,
            kiosks=self._kiosks,
        )

    def _newest_error(self, health: Health, visits: list[VisitRunner]) -> str:
        """What is wrong now comes before what was wrong once."""
        if self._refusal:
            return self._refusal
        if health.is_degraded and health.last_error:
            return health.last_error
        return next((visit.last_error for visit in visits if visit.last_error), self._last_error) or health.last_error

    async def _hand_over(self) -> None:
        """Let go of every visit and wake the peers: they take over within milliseconds."""
        for session, (lease, _, task) in list(self._running.items()):
            task.cancel()
            await asyncio.wait({task})
            try:
                await self._bus.release(lease)
                await self._bus.append(
                    offers(self.stage.name), encode(LeaseOffered(session=session, at=self._clock.now())), GLOBAL_CAP
                )
            except BusUnavailable:
                LOG.warning("could not hand a visit over; its lease runs out by itself")


def other_vocabulary(theirs: int) -> str:
    """Why who speaks that version of events and who speaks ours cannot work together; empty if they can."""
    if theirs == VOCABULARY:
        return ""
    return f"speaks events {VOCABULARY}, the session service events {theirs}; run both from the same release"


async def connect(url: str, *, patience_s: float = 15.0) -> RedisBus:
    """A bus on the Redis at `url`, waiting for it to come up.

    Raises:
        BusUnavailable: It does not answer within `patience_s`, refuses us, or is too old.
        ConfigError: `url` is no address.
    """
    bus = RedisBus(url)
    deadline = asyncio.get_running_loop().time() + patience_s
    while True:
        try:
            await bus.check_server()
        except BusUnavailable as error:
            if "cannot be reached" not in str(error) or asyncio.get_running_loop().time() > deadline:
                await bus.close()
                raise
            await asyncio.sleep(0.2)
        else:
            return bus


def redis_url(settings: dict[str, Any]) -> str:
    """Address of Redis: REDIS_URL, or `[bus] url`. Raises ConfigError if neither is set."""
    url = os.environ.get("REDIS_URL") or str(settings.get("bus", {}).get("url", ""))
    if not url:
        raise ConfigError(
            "no Redis address: set REDIS_URL (redis://:PASSWORD@host:port/0), or start with `mirror demo`"
        )
    return url


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set. Call inside a running loop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _serve_stage(name: str, open_stage: Callable[[dict[str, Any]], Stage]) -> None:
    try:
        settings = settings_from_environment()
        stage = open_stage(settings)
    except (ConfigError, EngineUnavailable) as error:
        await tell_failed_start(name, os.environ.get("REDIS_URL", ""), str(error))
        raise
    stop = stop_on_signals()
    bus = await connect(redis_url(settings))
    try:
        clock = HouseClock(bus, keeps=False)
        async with running(clock):
            kiosks = section(settings, "worker", WorkerConfig).kiosks
            await StageRunner(stage, bus, clock, kiosks=kiosks, when_warm=settle_memory).run(stop)
    finally:
        await bus.close()


def run_service(name: str, open_stage: Callable[[dict[str, Any]], Stage]) -> None:
    """What a service's `__main__` does.

    Exit codes: 2 wrong settings, 3 engine unavailable, 4 Redis unavailable, 5 engine lost: start it again.

    Args:
        name: The stage's, told while it cannot be opened.
        open_stage: The stage as the settings want it.
    """
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "INFO"), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    codes: dict[type[Exception], int] = {ConfigError: 2, EngineUnavailable: 3, BusUnavailable: 4}
    try:
        run(_serve_stage(name, open_stage))
    except ContextLost as error:
        LOG.error("%s", error)  # noqa: TRY400 - as below
        logging.shutdown()
        os._exit(LOST_CODE)  # what native libraries do at an orderly end needs the context that is lost
    except tuple(codes) as error:
        LOG.error("%s", error)  # noqa: TRY400 - one clear line; a traceback would bury it
        sys.exit(codes[type(error)])
