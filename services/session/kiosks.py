"""The kiosks of this house: each is one page, at most one visitor at a time, and goes on when its connection breaks."""

import asyncio
import logging
import secrets

from services.session.board import Board
from services.session.config import SessionConfig
from services.session.forgetting import forget
from services.session.kiosk_link import KioskLink, Socket
from services.session.play import Play
from services.session.visit import Visit
from shared import kiosk_wire as wire
from shared.bus import Bus
from shared.clock import Clock
from shared.errors import BadInput, BusUnavailable, Fenced
from shared.events import VOCABULARY, SessionOpened, WipeReceipt, encode
from shared.outlet import RETRY_S
from shared.streams import GLOBAL_CAP, SESSIONS

LOG = logging.getLogger(__name__)

ATTRACT = wire.Scene(look="attract")


class Kiosk:
    """One kiosk: its page, its visit, its last receipts."""

    def __init__(self, name: str, bus: Bus, clock: Clock, config: SessionConfig, play: Play, board: Board) -> None:
        self.name = name
        self.link = KioskLink()
        self.visit: Visit | None = None
        self.trouble: dict[str, str] = {}
        self.receipts: list[WipeReceipt] = []
        self.between = ATTRACT
        """What a page is shown that comes while there is no visit: also the farewell of the one before."""
        self._bus = bus
        self._clock = clock
        self._config = config
        self._play = play
        self._board = board
        self._language = ""
        self._task: asyncio.Task[None] | None = None
        self._wanted_reason = ""

    # --- the page ---------------------------------------------------------------------------------------------------

    def may_connect(self, hello: wire.Hello) -> bool:
        """Whether this page may be the kiosk: there is none, or it is the one whose connection broke."""
        shown = self.visit.opened.session if self.visit else self.between.session
        return not self.link.is_connected or (shown != "" and hello.resume == shown)

    async def attend(self, socket: Socket, hello: wire.Hello) -> None:
        """Serve a page that may connect, until its connection ends."""
        self.link.is_connected = False  # an older, half-open connection gives way
        self._language = hello.language
        self.trouble = {}
        pump = asyncio.create_task(self.link.pump(socket))
        await asyncio.sleep(0)
        self.link.send(self._welcome())
        if self.visit is None:
            self.link.send(self.between)
        else:  # also while it is only being taken up again: to a page, `attract` is the end of a visit
            self.visit.kiosk_came(hello)
        try:
            await asyncio.wait({pump})
        finally:  # a page that went while nothing was to be written would be taken for one that is there
            pump.cancel()
            await asyncio.wait({pump})
            if self.visit and not self.link.is_connected:
                self.visit.kiosk_went()

    def _welcome(self) -> wire.Welcome:
        return wire.Welcome(
            kiosk=self.name,
            languages=self._play.languages,
            subtitles=self._config.subtitles,
            version="1",
            invitation=self._play.invitation,
        )

    def take(self, message: wire.Up) -> None:
        """One message of the page. Raises BadInput if it cannot be used; nothing else is harmed."""
        match message:
            case wire.Ping():
                self.link.send(wire.Pong(sent=message.sent, host=self._clock.now()))
            case wire.Audio():
                if self.visit:
                    self.visit.audio(message)
            case wire.Shown():
                self.link.shown(message)
            case wire.Approach():
                self.approach()
            case wire.Trouble() if message.is_over:
                self.trouble.pop(message.what, None)
            case wire.Trouble():
                self.trouble[message.what] = message.detail
                self._pass_on(message)
            case wire.Hello():
                raise BadInput("hello was said already")
            case _:
                self._pass_on(message)

    def _pass_on(self, message: wire.Up) -> None:
        if self.visit and self.visit.conductor:
            self.visit.take(message)

    # --- the visit --------------------------------------------------------------------------------------------------

    def approach(self) -> None:
        """Somebody stands before the mirror: begin, if nobody is being served and every stage is ready."""
        if self._task and not self._task.done():
            return
        now = self._clock.now()
        missing, refused = set(self._config.needs) - self._board.ready(now, self.name), self._board.refused(now)
        if why := [f"{stage} {refused[stage]}" for stage in sorted(missing) if stage in refused]:
            raise BadInput(f"the mirror is not ready: {'; '.join(why)}")
        if missing:
            raise BadInput(f"the mirror is not ready: {', '.join(sorted(missing))} still warming up or away")
        session = secrets.token_hex(8)
        language = self._language if self._language in self._play.languages else ""
        opened = SessionOpened(
            session=session,
            at=now,
            kiosk=self.name,
            language=language or self._config.language or self._play.languages[0],
            script=self._play.id,
            vocabulary=VOCABULARY,
        )
        self._task = asyncio.create_task(self._serve(opened, is_recovered=False))

    def recover(self, opened: SessionOpened) -> None:
        """Go on with a visit that a session service before us began."""
        self._task = asyncio.create_task(self._serve(opened, is_recovered=True))

    async def _serve(self, opened: SessionOpened, *, is_recovered: bool) -> None:
        self.visit = Visit(self._bus, self._clock, self._config, self._play, opened, self.link)
        self._wanted_reason = ""
        try:
            if not is_recovered:
                await self._bus.append(SESSIONS, encode(opened), GLOBAL_CAP)
            left_s = opened.at + self._play.duration_s + self._config.wipe_watchdog_s - self._clock.now()
            async with asyncio.timeout(max(0.0, left_s)):
                reason = await self.visit.run(self._board, is_recovered=is_recovered)
        except asyncio.CancelledError:
            if not self._wanted_reason:
                self.visit = None
                raise  # we stop, the visit does not: its keys stay for whoever goes on with it
            reason = self._wanted_reason
        except Fenced:
            self.visit = None
            LOG.warning("another session service carries this visit on", extra={"kiosk": self.name})
            self.link.hang_up()  # the page asks again, and is told where it is
            return
        except TimeoutError:
            reason = "watchdog"
        except Exception:
            LOG.exception("a visit failed", extra={"kiosk": self.name})
            reason = "failed"
        await self._farewell(opened, reason)

    async def _farewell(self, opened: SessionOpened, reason: str) -> None:
        """The last picture stands while everything is forgotten behind it, also for a page that comes back meanwhile."""
        self.visit = None
        self.between = wire.Scene(look="farewell", session=opened.session, language=opened.language)
        self.link.forget()
        self.link.send(self.between)
        standing = asyncio.create_task(asyncio.sleep(self._config.farewell_s if reason == "finished" else 1.0))
        receipt = await self._forget(opened, reason)
        self.receipts = [*self.receipts[-19:], receipt]
        await standing
        self.link.send(
            wire.Forgotten(
                session=opened.session, keys_left=receipt.keys_left, files_left=receipt.files_left, at=receipt.at
            )
        )
        self.between = ATTRACT
        self.link.send(self.between)

    async def _forget(self, opened: SessionOpened, reason: str) -> WipeReceipt:
        """Wipe, however long Redis is away. If we are stopped meanwhile, the service that starts next does it."""
        while True:
            try:
                return await forget(self._bus, self._clock, opened, reason)
            except BusUnavailable:
                await asyncio.sleep(RETRY_S)

    def end(self, reason: str) -> None:
        """Stop and wipe, now."""
        if self._task and not self._task.done() and self.visit:
            self._wanted_reason = reason
            self._task.cancel()

    async def close(self) -> None:
        """The service stops: let go of the visit without ending it."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})
