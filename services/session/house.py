"""All kiosks of one session service, the board of stages, and what must be put right when it takes charge."""

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import Awaitable, Callable

from services.session.board import Board
from services.session.charge import Charge
from services.session.config import SessionConfig
from services.session.forgetting import forget, left_behind
from services.session.kiosks import Kiosk
from services.session.play import Play
from shared import health
from shared.bus import Bus
from shared.bus_trouble import BusTrouble
from shared.clock import Clock
from shared.errors import BusUnavailable, Fenced
from shared.events import VOCABULARY, Heartbeat, HouseOpened, encode, understood
from shared.runner import HEARTBEAT_S
from shared.streams import GLOBAL_CAP, SESSIONS, STAGES, START

LOG = logging.getLogger(__name__)

LATE_S = 5.0
"""A visit that ended this short a time ago was cut off in its last word: it is taken up and ends as it should."""

RETRY_S = 0.5
"""Between two tries to reach a Redis that is away, or refuses us."""


class House:
    """What the routes of the web app work on."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        config: SessionConfig,
        play: Play,
        *,
        set_clock: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.bus = bus
        self.clock = clock
        self.config = config
        self.play = play
        self._set_clock = set_clock
        self.board = Board()
        self.kiosks: dict[str, Kiosk] = {}
        self.is_open = False
        """What was left by a service before us has been taken up; until then no kiosk may begin anything."""
        self._taken_up: set[str] = set()
        self._trouble = BusTrouble()
        self._worker = f"session-{os.getpid()}-{secrets.token_hex(3)}"
        self.charge = Charge(bus, self._worker)
        self.on_replaced: Callable[[], None] = lambda: None
        """Another session service has taken charge: we must end."""
        self._started_at = clock.now()
        for name in config.kiosks:
            self.kiosk(name)

    @property
    def bus_trouble(self) -> str:
        """What is wrong with the bus now; empty if nothing is."""
        return self._trouble.now

    @property
    def why_closed(self) -> str:
        """What a kiosk is told that comes before we are open."""
        return self.charge.trouble or self.bus_trouble or "Redis has not been reached yet"

    def kiosk(self, name: str) -> Kiosk:
        """The kiosk of that name; a new one if it was never seen."""
        if name not in self.kiosks:
            self.kiosks[name] = Kiosk(name, self.bus, self.clock, self.config, self.play, self.board)
        return self.kiosks[name]

    async def open_when_possible(self) -> None:
        """`open`, as soon as there is a Redis we can use. Until then the operator's page says what is wrong with it."""
        while not self.is_open:
            try:
                await self.bus.check_server()
                if self._set_clock:  # what is left of visits is told on the house's clock
                    await self._set_clock()
                await self.open()
            except BusUnavailable as error:
                self._trouble.note(str(error), "reading")
                await asyncio.sleep(RETRY_S)
        self._trouble.note("", "reading")

    async def open(self) -> None:
        """Take charge; take up visits that a service before us left, wipe those that are too old to go on. May be tried again."""
        if not self.charge.is_ours:
            await self.charge.take()
        left = await left_behind(self.bus)
        for opened in left.running:
            if opened.session in self._taken_up:
                continue
            age_s = self.clock.now() - opened.at
            if 0 <= age_s < self.play.duration_s + LATE_S and opened.script == self.play.id:
                LOG.info("going on with a visit", extra={"kiosk": opened.kiosk})
                self.kiosk(opened.kiosk).recover(opened)
            else:
                receipt = await forget(self.bus, self.clock, opened, "watchdog")
                LOG.info("wiped what a crash had left", extra={"keys_left": receipt.keys_left})
            self._taken_up.add(opened.session)
        for opened, reason in left.unwiped:
            receipt = await forget(self.bus, self.clock, opened, reason)
            LOG.info("finished a wipe that was cut short", extra={"keys_left": receipt.keys_left})
        announced = HouseOpened(at=self.clock.now(), worker=self._worker, vocabulary=VOCABULARY)
        await self.bus.append(SESSIONS, encode(announced), GLOBAL_CAP)
        self.is_open = True

    async def watch_stages(self) -> None:
        """Keep the board current, for ever."""
        after = START
        while True:
            try:
                entries = await self.bus.read({STAGES: after}, wait_s=0.5, count=512)
            except BusUnavailable as error:
                self._trouble.note(str(error), "reading")
                await asyncio.sleep(0.2)
                continue
            self._trouble.note("", "reading")
            for entry in entries:
                after = entry.id
                beat = understood(entry.payload)
                if isinstance(beat, Heartbeat):
                    self.board.note(beat)

    async def beat(self) -> None:
        """Say twice a second, as every stage does, that we are here."""
        while True:
            beat = self.heartbeat()
            try:
                await self.bus.append(STAGES, encode(beat), GLOBAL_CAP)
            except BusUnavailable as error:
                self._trouble.note(str(error) if self.is_open else "", "writing")
            else:
                self._trouble.note("", "writing")
                health.note(beat)
            await asyncio.sleep(HEARTBEAT_S)

    def heartbeat(self) -> Heartbeat:
        """How this service is, now."""
        visits = [kiosk.visit for kiosk in self.kiosks.values() if kiosk.visit]
        return Heartbeat(
            at=self.clock.now(),
            stage="session",
            worker=self._worker,
            state="ready" if self.is_open else "standby" if self.charge.trouble else "warming",
            engine=self.play.id,
            sessions=tuple(visit.opened.session for visit in visits),
            failures=sum(visit.failures for visit in visits),
            last_error=self.charge.trouble or next((visit.last_error for visit in visits if visit.last_error), ""),
            started_at=self._started_at,
            vocabulary=VOCABULARY,
            restarts=health.restart_count(),
        )

    async def stay_in_charge(self) -> None:
        """Hold on to the charge, for ever; ends the service when another has it."""
        try:
            await self.charge.keep()
        except Fenced as error:
            LOG.error("%s", error)  # noqa: TRY400 - one clear line; a traceback would bury it
            self.on_replaced()

    async def close(self) -> None:
        """Let go of every visit without ending it."""
        for kiosk in self.kiosks.values():
            with contextlib.suppress(asyncio.CancelledError):
                await kiosk.close()
        await self.charge.give_up()
