"""The stage runner: warms a stage up, lets it serve visits, beats, and hands over cleanly when told to stop."""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable

from shared import health
from shared.bus import Bus
from shared.bus_trouble import BusTrouble
from shared.clock import Clock
from shared.errors import BusUnavailable, ConfigError, ContextLost, EngineUnavailable
from shared.events import VOCABULARY, Heartbeat, encode
from shared.health import restart_count
from shared.held_visits import HeldVisits
from shared.stage import Health, Stage
from shared.streams import GLOBAL_CAP, STAGES

LOG = logging.getLogger(__name__)

HEARTBEAT_S = 0.5


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
        self._visits = HeldVisits(stage, bus, clock, self.worker, kiosks)
        self._state = "warming"
        self._health = Health(engine="")
        self._start_error = ""
        self._started_at = clock.now()
        self._trouble = BusTrouble()

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
            self._state, self._start_error = "failed", str(error)  # the operator reads it on the board
            raise
        finally:
            if self._state != "failed":
                self._state = "stopping"
            heartbeat.cancel()
            await asyncio.wait({heartbeat})
            await self._visits.hand_over()
            await self._tell()
            await self.stage.close()

    def _say_ready(self) -> None:
        LOG.info("ready", extra={"stage": self.stage.name, "engine": self._health.engine})
        if self._health.is_degraded and self._health.last_error:
            # nobody has spoken yet: there is no speech in it
            LOG.warning("not at its best: %s", self._health.last_error)

    async def _serve(self, stop: asyncio.Event) -> None:
        # A background task that dies must end the process: a worker that silently stops renewing is worse than none.
        async with asyncio.TaskGroup() as group:
            visits = self._visits
            tasks = [
                group.create_task(visits.watch(may_claim=lambda: not self._is_to_restart())),
                group.create_task(visits.keep()),
            ]
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
        is_covered = health.fallbacks > 0 and bool(self._visits.sessions)
        return health.is_lost and not self._health.is_lost and not is_covered

    async def _beat(self) -> None:
        while True:
            await self._tell()
            await asyncio.sleep(HEARTBEAT_S)

    async def _tell(self) -> None:
        beat = self.heartbeat()
        try:
            await self._bus.append(STAGES, encode(beat), GLOBAL_CAP)
        except BusUnavailable as error:  # the next beat tells
            self._trouble.note(str(error), "writing")
        else:
            self._trouble.note("", "writing")
            health.note(beat)

    def heartbeat(self) -> Heartbeat:
        """How this worker is, now."""
        visits = self._visits
        health = self.stage.health() if self._state != "warming" else self._health
        state = self._state
        if state == "ready" and health.is_degraded:
            state = "degraded"
        if visits.refusal and state in ("ready", "degraded"):
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
            sessions=visits.sessions,
            lag_s=visits.lag_s,
            failures=visits.failures,
            fallbacks=health.fallbacks,
            last_error=self._newest_error(health),
            started_at=self._started_at,
            detail=health.detail,
            vocabulary=VOCABULARY,
            kiosks=self._kiosks,
            restarts=restart_count(),
        )

    def _newest_error(self, health: Health) -> str:
        """What is wrong now comes before what was wrong once."""
        if self._visits.refusal:
            return self._visits.refusal
        if health.is_degraded and health.last_error:
            return health.last_error
        return self._start_error or self._visits.last_error or health.last_error
