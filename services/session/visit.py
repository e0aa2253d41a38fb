"""The I/O of one visit: streams in, conductor, streams and kiosk out. One act at a time decides, so that order is certain."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

import msgspec

from services.session.awake import awake
from services.session.board import Board
from services.session.conductor import Conductor
from services.session.config import SessionConfig
from services.session.effects import Publish
from services.session.kiosk_link import KioskLink
from services.session.mirror_feed import feed_mirror
from services.session.play import Play
from services.session.play_events import Told
from services.session.pulse import STAGES, Pulse
from services.session.sound_intake import SoundIntake
from services.session.taking_up import begun, taken_up
from shared import events as ev
from shared import kiosk_wire as wire
from shared.bus import Bus, Entry, Lease
from shared.clock import Clock
from shared.errors import BusUnavailable, Fenced
from shared.freshness import Freshness
from shared.held_visits import LEASE_S
from shared.outlet import RETRY_S, Batch, LeasedOutlet
from shared.streams import START, StreamId, key

LOG = logging.getLogger(__name__)

STAGE = "session"

DEAD = f"dead.{STAGE}"

TICK_S = 0.05

HEARS = (
    "hearing", "signals", "reply", "voice", "voice_sample", "voice_ready", "face_ready",
    *(f"dead.{stage}" for stage in STAGES),
)  # fmt: skip

MAX_TRACES = 40

Act = Callable[[float], None]
"""Something to do to the conductor, given the time at which it is done."""


class Visit:
    """One visit, from the first word to the last. The kiosk's connection may come and go meanwhile."""

    def __init__(
        self, bus: Bus, clock: Clock, config: SessionConfig, play: Play, opened: ev.SessionOpened, link: KioskLink
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._config = config
        self._play = play
        self.opened = opened
        self._link = link
        self._inbox: asyncio.Queue[Act] = asyncio.Queue(maxsize=4_096)
        self._intake: SoundIntake | None = None
        """There once the visit is ours."""
        self._cursors: dict[str, StreamId] = {}
        self._done: dict[str, StreamId] = {}
        """Per stream: how far the conductor has taken it in; written with the next commit."""
        self._is_deciding = False
        """An act has been taken from the inbox, and what came of it is not handed on yet."""
        self._decided: asyncio.Queue[Batch] = asyncio.Queue(maxsize=256)
        """What waits to be written. Blocks when full: a visit does not run far ahead of a bus that is away."""
        self._outlet: LeasedOutlet | None = None
        self.conductor: Conductor | None = None
        self.traces: deque[ev.TurnTimed] = deque(maxlen=MAX_TRACES)
        self.failures = 0
        """How often something that was told could not be used."""
        self.last_error = ""

    # --- life -------------------------------------------------------------------------------------------------------

    async def run(self, board: Board, *, is_recovered: bool) -> str:
        """Carry the visit through; returns why it ended.

        Raises:
            Fenced: Another session service has taken it over.
        """
        lease = await self._take_lease()
        self._outlet = LeasedOutlet(self._bus, lease, self._clock, Freshness())
        self._cursors = {
            name: lease.checkpoint.get(name, START) for name in (key(self.opened.session, hears) for hears in HEARS)
        }
        self._intake = SoundIntake(self._clock, (await self._outlet.tail("microphone")).seq)
        open_visit = taken_up if is_recovered else begun
        self.conductor = await open_visit(self._play, self.opened, self._config, self._outlet, self._clock.now())
        await self._carry_out(self.conductor)
        try:
            with awake(self._config.wake_us):
                return await self._work(lease, board, self._intake)
        except asyncio.CancelledError:
            # We stop, the visit does not: whoever starts next goes on with it at once.
            with contextlib.suppress(BusUnavailable):
                await self._bus.release(lease)
            raise

    async def _work(self, lease: Lease, board: Board, intake: SoundIntake) -> str:
        outlet = self._require_outlet()
        loops = (
            self._keep_lease(lease), self._hear(), self._tick(board), intake.pass_on(outlet),
            feed_mirror(self._bus, self.opened.session, outlet, self._link), outlet.commit_in_order(self._decided),
        )  # fmt: skip
        try:
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(loop) for loop in loops]
                reason = await self._conduct()
                await self._decided.join()
                for task in beside:
                    task.cancel()
        except* Fenced as fenced:
            raise Fenced(str(fenced.exceptions[0])) from None
        return reason

    async def _take_lease(self) -> Lease:
        while True:
            with contextlib.suppress(BusUnavailable):
                lease = await self._bus.acquire(self.opened.session, STAGE, f"{STAGE}-{id(self):x}", LEASE_S)
                if lease:
                    return lease
            await asyncio.sleep(RETRY_S)

    def _require_outlet(self) -> LeasedOutlet:
        if self._outlet is None:
            raise RuntimeError("the visit has not begun")
        return self._outlet

    # --- deciding ---------------------------------------------------------------------------------------------------

    async def _conduct(self) -> str:
        conductor = cast("Conductor", self.conductor)
        while not conductor.ended:
            act = await self._inbox.get()
            self._is_deciding = True
            act(self._clock.now())
            await self._carry_out(conductor)
            self._is_deciding = False
        return conductor.ended

    async def _decide(self, act: Act) -> None:
        """At once if nothing is before it: on the way of every answer, one turn of the loop less."""
        conductor = cast("Conductor", self.conductor)
        if self._is_deciding or conductor.ended or not self._inbox.empty() or self._decided.full():
            self.act(act)
            return
        act(self._clock.now())
        await self._carry_out(conductor)  # there is room: it waits for nothing, so nobody decides meanwhile
        if conductor.ended:
            self.act(_nothing)

    async def _carry_out(self, conductor: Conductor) -> None:
        events: list[ev.Event] = []
        for effect in conductor.take():
            if isinstance(effect, Publish):
                events.append(effect.event)
                if isinstance(effect.event, ev.TurnTimed):
                    self.traces.append(effect.event)
            else:
                self._link.send(effect.message)
        if events:
            outlet = self._require_outlet()
            done, self._done = self._done, {}
            await self._decided.put(([outlet.enveloped(event, event.stream) for event in events], done))

    def act(self, act: Act) -> None:
        """Have something done to the conductor, in its turn."""
        self._inbox.put_nowait(act)

    def take(self, message: wire.Up) -> None:
        """Something the page says, besides sound."""

        def act(now: float) -> None:
            with self._hurting_itself_alone("kiosk"):
                cast("Conductor", self.conductor).kiosk(message, now)

        self.act(act)

    @contextlib.contextmanager
    def _hurting_itself_alone(self, source: str) -> Iterator[None]:
        """What others say must not end a visit, whatever it makes of us; our own clock's ticks may."""
        try:
            yield
        except Exception as error:
            self._note_failure(error, source)
            LOG.exception("something that was told could not be used", extra={"source": source})

    def _note_failure(self, error: Exception, source: str) -> None:
        self.failures += 1
        self.last_error = f"{type(error).__name__} at something from {source}"

    # --- the kiosk --------------------------------------------------------------------------------------------------

    def audio(self, message: wire.Audio) -> None:
        """Sound from the kiosk. Raises BadInput."""
        if self._intake:
            self._intake.take(message)

    def kiosk_came(self, hello: wire.Hello) -> None:
        """A page is connected (again): it counts its sound from one, and must be told where we are."""
        if self._intake:
            self._intake.begin_anew()
        # A page that does not know this session has none of its sound.
        heard = (hello.heard_turn, hello.heard_sample) if hello.resume == self.opened.session else (0, 0)
        self.act(lambda now: cast("Conductor", self.conductor).reconnected(*heard, now))

    def kiosk_went(self) -> None:
        """The page's connection broke."""
        self.act(lambda now: cast("Conductor", self.conductor).disconnected(now))

    # --- the streams ------------------------------------------------------------------------------------------------

    async def _hear(self) -> None:
        while True:
            try:
                entries = await self._bus.read(self._cursors, wait_s=0.5)
            except BusUnavailable:
                await asyncio.sleep(RETRY_S)
                continue
            for entry in entries:
                self._cursors[entry.key] = entry.id
                try:
                    event = ev.decode(entry.payload)
                except msgspec.MsgspecError as error:
                    await self._bury(entry, error)
                else:
                    await self._decide(self._hearing(event, entry))

    async def _bury(self, entry: Entry, error: Exception) -> None:
        """A broken event hurts only itself. The checkpoint moves past it with the next event of its stream."""
        outlet = self._require_outlet()
        failed = ev.StageFailed(
            stage=STAGE,
            reason=type(error).__name__,
            failed_stream=entry.key.rpartition(":")[2],
            failed_turn=entry.id.turn,
            failed_seq=entry.id.seq,
            seq=(await outlet.tail(DEAD)).seq + 1,
        )
        self._note_failure(error, failed.failed_stream)
        LOG.warning("an event cannot be read", extra={"stream": failed.failed_stream})
        await outlet.commit([outlet.enveloped(failed, DEAD)])

    def _hearing(self, event: ev.AnyEvent, entry: Entry) -> Act:
        def act(now: float) -> None:
            self._done[entry.key] = entry.id
            with self._hurting_itself_alone(entry.key.rpartition(":")[2]):
                cast("Conductor", self.conductor).hear(event, now)

        return act

    async def _tick(self, board: Board) -> None:
        pulse = Pulse(self._config.away_s)
        while True:
            now = self._clock.now()
            news = tuple(pulse.beat(now, board.ready(now, self.opened.kiosk), is_connected=self._link.is_connected))
            self.act(partial(self._tick_conductor, news))
            await asyncio.sleep(TICK_S)

    def _tick_conductor(self, news: tuple[Told, ...], now: float) -> None:
        conductor = cast("Conductor", self.conductor)
        for told in news:
            conductor.told(told, now)
        conductor.tick(now)

    async def _keep_lease(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 3)
            with contextlib.suppress(BusUnavailable):
                if not await self._bus.renew(lease, LEASE_S):
                    raise Fenced(f"session {self.opened.session} is carried on by another service")


def _nothing(now: float) -> None:
    """Wakes who decides, to see that the visit has ended."""
