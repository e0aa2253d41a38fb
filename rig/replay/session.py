"""Plays a recording into the session service's visit: the stages' words and the kiosk's reports in, its decisions out."""

import asyncio
from collections.abc import Sequence

import msgspec

from rig.record.moment import Moment
from rig.record.read import Recorded
from rig.record.tape import Tape
from rig.replay.loop import ReplayLoop
from rig.replay.stages import SETTLE_S, Progress
from services.session.board import Board
from services.session.config import SessionConfig
from services.session.kiosk_link import KioskLink
from services.session.play import Play
from services.session.play_events import AnyTold, OperatorSaid, StageDown, StageUp, VisitorLeft
from services.session.pulse import STAGES
from services.session.visit import HEARS, Visit
from shared import kiosk_wire as wire
from shared.bus import Output
from shared.clock import LoopClock
from shared.errors import BadInput
from shared.events import AnyEvent, CameraFrame, PlaybackReport, PlayTold, SessionOpened, decode
from shared.memory_bus import MemoryBus
from shared.streams import CAP, DEFAULT_CAP, WRITER, key

PASSED_ON = ("microphone", "camera")
"""What the session only hands on from the kiosk: nothing to compare."""

ANSWERS = ("reply", "signals", "voice")
"""Streams whose events answer a turn of the session."""

ASKING_S = 0.2
"""Recorded seconds that an answer waits for its question: two ticks of the director."""

DECIDED = tuple(stream for stream, writer in WRITER.items() if writer == "session" and stream not in PASSED_ON)

_TOLD: msgspec.msgpack.Decoder[AnyTold] = msgspec.msgpack.Decoder(AnyTold)


class _Page:
    """A kiosk that reads all and says nothing: what it said is in the recording."""

    async def send_bytes(self, data: bytes) -> None:
        del data


class _Board(Board):
    """Stages as they came and went."""

    def __init__(self) -> None:
        super().__init__()
        self.up = set(STAGES)

    def ready(self, now: float, kiosk: str = "") -> set[str]:
        del now, kiosk
        return set(self.up)


async def replay_session(loop: ReplayLoop, recorded: Recorded, play: Play, progress: Progress) -> list[Moment]:
    """What the session decides now.

    Raises:
        BadInput: The recording holds no log of its play.
    """
    opened_at, began_at = _beginning(recorded)
    clock = LoopClock()
    bus = MemoryBus(clock)
    loop.start_clock(opened_at)
    manifest = recorded.manifest
    language = manifest.language if manifest.language in play.languages else play.languages[0]
    opened = SessionOpened(session=manifest.session, at=opened_at, kiosk="replay", language=language, script=play.id)
    link, board = KioskLink(), _Board()
    visit = Visit(bus, clock, SessionConfig(), play, opened, link)
    tape = Tape(bus)
    await clock.sleep_until(began_at)
    tasks = [
        asyncio.create_task(work)
        for work in (link.pump(_Page()), visit.run(board, is_recovered=False), tape.take_down(manifest.session))
    ]
    try:
        await _feed(bus, recorded, (visit, board), progress)
        await clock.sleep_until(max(clock.now(), recorded.moments[-1].at) + SETTLE_S)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end
    return [one for one in tape.moments if one.stream in DECIDED]


def _beginning(recorded: Recorded) -> tuple[float, float]:
    """When the visit was opened, and when its play began."""
    for one in recorded.of("play"):
        event = decode(one.payload)
        if isinstance(event, PlayTold):
            return one.at - event.now, one.at
    raise BadInput("replay: the recording holds no stream 'play', so the session cannot be replayed; replay a stage")


async def _feed(bus: MemoryBus, recorded: Recorded, to: tuple[Visit, _Board], progress: Progress) -> None:
    clock, session = LoopClock(), recorded.manifest.session
    lease = await bus.acquire(session, "replayed", "replay", float("inf"))
    assert lease is not None, "nobody else is on this bus"
    given = [one for one in recorded.moments if one.stream in HEARS or one.stream in ("playback", "camera", "play")]
    for number, one in enumerate(given, 1):
        if one.at > clock.now():
            progress("playing", number / len(given))
            await clock.sleep_until(one.at)
        if one.stream in ANSWERS:
            await _wait_until_asked(bus, session, one)
        if one.stream in HEARS:
            name = key(session, one.stream)
            await bus.commit(lease, [Output(name, one.id, one.payload, CAP.get(one.stream, DEFAULT_CAP))])
        else:
            _say(decode(one.payload), *to)


async def _wait_until_asked(bus: MemoryBus, session: str, answer: Moment) -> None:
    """The session's ticks fall otherwise than then: what it asks a moment later must not be answered before."""
    clock = LoopClock()
    patience_ends = clock.now() + ASKING_S
    while clock.now() < patience_ends:
        if max([await bus.tail(key(session, asks)) for asks in ("lines", "requests")]).turn >= answer.id.turn:
            return
        await asyncio.sleep(0.002)


def _say(event: AnyEvent, visit: Visit, board: _Board) -> None:
    """What the kiosk, the operator and the house said then."""
    conductor = visit.conductor
    if conductor is None:
        return
    match event:
        case PlaybackReport():
            played = wire.Played(turn=event.turn, sample=event.played_samples, at=event.sounded_at, is_end=event.is_end)
            visit.act(lambda now: conductor.kiosk(played, now))
        case CameraFrame():
            frame = wire.Camera(burst=event.turn, index=event.seq - 1, jpeg=event.jpeg, is_last=event.is_last)
            visit.act(lambda now: conductor.kiosk(frame, now))
        case PlayTold():
            _tell(_TOLD.decode(event.told), visit, board)
        case _:
            pass


def _tell(told: AnyTold, visit: Visit, board: _Board) -> None:
    conductor = visit.conductor
    assert conductor is not None, "asked before"
    match told:
        case StageDown():
            board.up.discard(told.stage)
        case StageUp():
            board.up.add(told.stage)
        case OperatorSaid() | VisitorLeft():
            visit.act(lambda now: conductor.told(told, now))
        case _:
            pass  # follows from what the stages and the loudspeaker say


def decided(moments: Sequence[Moment]) -> list[Moment]:
    """Of a recording: what the session decided."""
    return [one for one in moments if one.stream in DECIDED]
