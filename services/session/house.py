"""All kiosks of one session service, the board of stages, and what must be put right at the start."""

import asyncio
import contextlib
import logging
import os

import msgspec

from services.session.board import Board
from services.session.config import SessionConfig
from services.session.forgetting import forget
from services.session.kiosks import Kiosk
from services.session.play import Play
from shared import health
from shared.bus import Bus
from shared.clock import Clock
from shared.errors import BusUnavailable
from shared.events import Heartbeat, SessionClosed, SessionOpened, decode, encode
from shared.runner import GLOBAL_CAP, HEARTBEAT_S
from shared.streams import SESSIONS, STAGES, START

LOG = logging.getLogger(__name__)

RETRY_S = 0.5
"""Between two tries to reach a Redis that is away, or refuses us."""


class House:
    """What the routes of the web app work on."""

    def __init__(self, bus: Bus, clock: Clock, config: SessionConfig, play: Play) -> None:
        self.bus = bus
        self.clock = clock
        self.config = config
        self.play = play
        self.board = Board()
        self.kiosks: dict[str, Kiosk] = {}
        self.bus_trouble = ""
        self.is_open = False
        """What was left by a service before us has been taken up; until then no kiosk may begin anything."""
        self._taken_up: set[str] = set()
        self._worker = f"session-{os.getpid()}"
        self._started_at = clock.now()

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
                await self.open()
            except BusUnavailable as error:
                self._note_bus(str(error))
                await asyncio.sleep(RETRY_S)
        self._note_bus("")

    def _note_bus(self, trouble: str) -> None:
        """Keep what is wrong with Redis for the page; the log says it once."""
        if trouble and _kind(trouble) != _kind(self.bus_trouble):
            LOG.error("%s", trouble)
        elif self.bus_trouble and not trouble:
            LOG.info("Redis is back")
        self.bus_trouble = trouble

    async def open(self) -> None:
        """Take up visits that a service before us left; wipe those that are too old to go on. May be tried again."""
        for opened in await self._open_sessions():
            if opened.session in self._taken_up:
                continue
            age_s = self.clock.now() - opened.at
            if 0 <= age_s < self.play.duration_s and opened.script == self.play.id:
                LOG.info("going on with a visit", extra={"kiosk": opened.kiosk})
                self.kiosk(opened.kiosk).recover(opened)
            else:
                receipt = await forget(self.bus, self.clock, opened, "watchdog")
                LOG.info("wiped what a crash had left", extra={"keys_left": receipt.keys_left})
            self._taken_up.add(opened.session)
        self.is_open = True

    async def _open_sessions(self) -> list[SessionOpened]:
        found: dict[str, SessionOpened] = {}
        for entry in await self.bus.range(SESSIONS, START):
            match decode(entry.payload):
                case SessionOpened() as opened:
                    found[opened.session] = opened
                case SessionClosed() as closed:
                    found.pop(closed.session, None)
                case _:
                    pass
        return list(found.values())

    async def watch_stages(self) -> None:
        """Keep the board current, for ever."""
        after = START
        while True:
            try:
                entries = await self.bus.read({STAGES: after}, wait_s=0.5, count=512)
            except BusUnavailable as error:
                self._note_bus(str(error))
                await asyncio.sleep(0.2)
                continue
            self._note_bus("")
            for entry in entries:
                after = entry.id
                beat = decode(entry.payload)
                if isinstance(beat, Heartbeat):
                    self.board.note(beat)

    async def beat(self) -> None:
        """Say twice a second, as every stage does, that we are here."""
        while True:
            visits = [kiosk.visit.opened.session for kiosk in self.kiosks.values() if kiosk.visit]
            beat = Heartbeat(
                at=self.clock.now(),
                stage="session",
                worker=self._worker,
                state="ready",
                engine=self.play.id,
                sessions=tuple(visits),
                started_at=self._started_at,
            )
            with contextlib.suppress(BusUnavailable):
                await self.bus.append(STAGES, encode(beat), GLOBAL_CAP)
                health.note(msgspec.json.encode(beat))
            await asyncio.sleep(HEARTBEAT_S)

    async def close(self) -> None:
        """Let go of every visit without ending it."""
        for kiosk in self.kiosks.values():
            with contextlib.suppress(asyncio.CancelledError):
                await kiosk.close()


def _kind(trouble: str) -> str:
    """A Redis that restarts is refused, unknown and reset in turn: one trouble, in one line of the log."""
    return trouble.partition(" (")[0]
