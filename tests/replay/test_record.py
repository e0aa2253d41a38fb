"""Who may be recorded: only with the operator's switch and the visitor's own yes, and a no at any time is a no."""

import asyncio
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec
import pytest

from rig.options import Options
from rig.record.command import record_visits
from rig.record.consent import Consent, require_question
from rig.record.moment import Moment
from rig.record.read import read_recording
from rig.record.tape import Tape
from rig.record.watch import Watch, Watcher
from rig.redis_server import RedisServer
from services.session.play import Play
from services.session.play_check import load_play
from shared.bus import Bus, Output
from shared.clock import LoopClock
from shared.errors import BadInput, ConfigError
from shared.events import (
    Event,
    FinalTranscript,
    Heartbeat,
    MicrophoneChunk,
    MirrorFrame,
    PlayTold,
    SessionClosed,
    SessionOpened,
    decode,
    encode,
)  # fmt: skip
from shared.memory_bus import MemoryBus
from shared.redis_bus import RedisBus
from shared.streams import SESSIONS, STAGES, StreamId, key
from tests.support.recorded_visits import TERSE
from tests.support.virtual_time import run_virtual

SHORT = Path("scripts/short.yaml")


def asking_play() -> Play:
    """The short play, in which the yes of the gate is also one to being recorded."""
    play = load_play(SHORT)
    gate = play.scenes[0]
    agreed = msgspec.structs.replace(gate.signals["agreed"], gives=("consent", "recording"))
    gate = msgspec.structs.replace(gate, signals={**gate.signals, "agreed": agreed})
    return msgspec.structs.replace(play, facts=(*play.facts, "recording"), scenes=(gate, *play.scenes[1:]))


@cache
def log_of_a_yes() -> list[PlayTold]:
    """What the play was told in the recorded visit: the visitor says yes after eleven seconds."""
    events = [decode(one.payload) for one in read_recording(TERSE).of("play")]
    return [event for event in events if isinstance(event, PlayTold)]


def log_of_silence() -> list[PlayTold]:
    words = (b"UtteranceHeard", b"SignalGiven")
    return [event for event in log_of_a_yes() if not any(word in event.told for word in words)]


def consent_after(play: Play, log: Iterable[PlayTold]) -> Consent:
    consent = Consent(play, "en")
    for event in log:
        consent.hear(event)
    return consent


def test_a_yes_to_being_copied_is_none_to_being_kept() -> None:
    assert not consent_after(load_play(SHORT), log_of_a_yes()).is_given
    assert consent_after(asking_play(), log_of_a_yes()).is_given


def test_silence_is_no_yes() -> None:
    assert not consent_after(asking_play(), log_of_silence()).is_given


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("finished", True),
        ("left", True),
        ("failed", True),
        ("declined", False),
        ("operator", False),
        ("watchdog", False),
    ],
)
def test_a_visit_that_ended_in_a_no_is_not_kept_though_there_was_a_yes(reason: str, kept: bool) -> None:
    assert consent_after(asking_play(), log_of_a_yes()).may_keep(reason) is kept


def test_a_play_that_never_asks_cannot_be_recorded() -> None:
    with pytest.raises(ConfigError, match="never asks whether it may record"):
        require_question(load_play(SHORT))
    require_question(asking_play())


def test_the_operators_switch_is_off_unless_it_was_turned_on(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="recording is off"):
        record_visits(tmp_path / "kept", "redis://127.0.0.1:1/0", Options(), licence="", visits=1, as_json=False)
    assert list(tmp_path.iterdir()) == []


def test_with_the_switch_on_the_shipped_play_still_keeps_nobody(tmp_path: Path) -> None:
    options = Options(script=str(SHORT), sets=("rig.may_record=true",))
    with pytest.raises(ConfigError, match="never asks"):
        record_visits(tmp_path / "kept", "redis://127.0.0.1:1/0", options, licence="", visits=1, as_json=False)
    assert list(tmp_path.iterdir()) == []


# --- the watcher on a bus ---------------------------------------------------------------------------------------------


class SpyBus(MemoryBus):
    """Notes which streams were read."""

    def __init__(self) -> None:
        super().__init__(LoopClock())
        self.was_read: set[str] = set()

    async def read(self, cursors, *, wait_s: float, count: int = 64):  # type: ignore[no-untyped-def]  # as the base class
        self.was_read |= {name.rpartition(":")[2] for name in cursors}
        return await super().read(cursors, wait_s=wait_s, count=count)


async def put(bus: Bus, *events: Event) -> None:
    lease = await bus.acquire("v", "test", "t", 5.0)
    assert lease is not None
    outputs = [
        Output(key("v", event.stream), StreamId(event.turn, event.seq), encode(event), 9_999) for event in events
    ]
    await bus.commit(lease, outputs)
    await bus.release(lease)


async def visit(bus: Bus, log: list[PlayTold], closed: str) -> None:
    """A visit as stages and session write it, and its wipe."""
    await bus.append(STAGES, encode(Heartbeat(stage="asr", worker="w", state="ready", engine="scripted")), 9)
    await bus.append(SESSIONS, encode(SessionOpened(session="v", kiosk="k", language="en", script="short")), 9)
    await put(bus, *[MicrophoneChunk(session="v", seq=n, at=float(n), pcm=b"\0" * 640) for n in range(1, 6)])
    await put(bus, *[msgspec.structs.replace(event, session="v") for event in log])
    await asyncio.sleep(1.0)
    await put(bus, FinalTranscript(session="v", turn=1, seq=1, at=9.0, text="hello"))
    await bus.append(SESSIONS, encode(SessionClosed(session="v", reason=closed)), 9)
    await asyncio.sleep(0.3)
    await bus.wipe("v")


def watch_into(folder: Path) -> Watch:
    return Watch(folder=folder, play=asking_play(), script=SHORT, licence="with us alone", visits=1)


def watched(folder: Path, log: list[PlayTold], closed: str) -> tuple[Watcher, SpyBus, list[str]]:
    said: list[str] = []

    async def main() -> tuple[Watcher, SpyBus]:
        bus = SpyBus()
        watcher = Watcher(bus, watch_into(folder), said.append)
        watching = asyncio.create_task(watcher.run())
        await asyncio.sleep(0.1)
        await visit(bus, log, closed)
        await asyncio.wait_for(watching, 5.0)
        return watcher, bus

    watcher, bus = run_virtual(main())
    return watcher, bus, said


def test_a_visit_with_a_yes_is_kept_whole_and_it_is_said_where(tmp_path: Path) -> None:
    watcher, _, said = watched(tmp_path, log_of_a_yes(), "finished")
    [file] = watcher.kept
    assert list(tmp_path.iterdir()) == [file]
    assert str(file) in said[-1]
    recorded = read_recording(file)
    assert {one.stream for one in recorded.moments} == {"microphone", "play", "hearing"}
    assert recorded.manifest.consent == "spoken: recording"
    assert recorded.manifest.licence == "with us alone"
    assert recorded.manifest.visitor == ""
    assert recorded.manifest.engines["asr"].engine == "scripted"


@pytest.mark.parametrize(
    ("log", "closed"),
    [(log_of_silence, "finished"), (log_of_a_yes, "declined"), (log_of_a_yes, "operator"), (list, "left")],
)
def test_a_visit_without_a_yes_that_holds_leaves_nothing(tmp_path: Path, log, closed: str) -> None:  # type: ignore[no-untyped-def]  # functions of this file
    watcher, _, said = watched(tmp_path, log(), closed)
    assert list(tmp_path.iterdir()) == []
    assert watcher.kept == []
    assert watcher.not_kept == 1
    assert "not kept" in said[-1]


def test_before_the_yes_nothing_is_read_but_the_plays_log(tmp_path: Path) -> None:
    _, bus, _ = watched(tmp_path, log_of_silence(), "finished")
    assert bus.was_read == {"mirror:sessions".rpartition(":")[2], "play"}


def test_what_the_recorder_says_holds_no_word_of_the_visitor(tmp_path: Path) -> None:
    _, _, said = watched(tmp_path, log_of_a_yes(), "finished")
    assert "hello" not in " ".join(said)


def test_a_full_or_forbidden_folder_costs_the_recording_and_leaves_no_half(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot write"):
        watched(tmp_path / "gone", log_of_a_yes(), "finished")
    assert list(tmp_path.iterdir()) == []


async def test_on_a_real_redis_what_is_kept_is_whole_although_the_visit_is_wiped(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    bus, writing = RedisBus(redis_server.url), RedisBus(redis_server.url)
    watcher = Watcher(bus, watch_into(tmp_path), lambda line: None)
    watching = asyncio.create_task(watcher.run())
    await visit(writing, log_of_a_yes(), "finished")
    await watching
    recorded = read_recording(watcher.kept[0])
    assert len(recorded.of("microphone")) == 5
    assert len(recorded.of("hearing")) == 1
    assert len(recorded.of("play")) == len(log_of_a_yes())
    await bus.close()
    await writing.close()


def test_a_visit_that_was_over_before_the_recorder_came_is_not_its_business(tmp_path: Path) -> None:
    async def main() -> Watcher:
        bus = SpyBus()
        await bus.append(SESSIONS, encode(SessionOpened(session="old", kiosk="k", language="en", script="short")), 9)
        await bus.append(SESSIONS, encode(SessionClosed(session="old", reason="finished")), 9)
        watcher = Watcher(bus, watch_into(tmp_path), lambda line: None)
        watching = asyncio.create_task(watcher.run())
        await visit(bus, log_of_a_yes(), "finished")
        await asyncio.wait_for(watching, 5.0)
        return watcher

    watcher = run_virtual(main())
    assert len(watcher.kept) == 1
    assert watcher.not_kept == 0


def test_a_visit_whose_log_cannot_be_understood_is_not_kept(tmp_path: Path) -> None:
    broken = PlayTold(session="v", seq=900, at=30.0, told=b"\xc1", now=30.0)
    watcher, _, said = watched(tmp_path, [*log_of_a_yes(), broken], "finished")
    assert watcher.kept == []
    assert list(tmp_path.iterdir()) == []
    assert "could not be followed" in said[-1]


def test_pictures_are_thinned_and_every_other_event_is_kept() -> None:
    async def main() -> list[Moment]:
        bus = MemoryBus(LoopClock())
        tape = Tape(bus, pictures_hz=2.0)
        taking = asyncio.create_task(tape.take_down("v"))
        for n in range(1, 31):
            picture = MirrorFrame(session="v", seq=n, at=n / 10, jpeg=b"j", width=1, height=1, captured_at=0.0)
            await put(bus, picture, MicrophoneChunk(session="v", seq=n, at=n / 10, pcm=b""))
            await asyncio.sleep(0.1)
        taking.cancel()
        return tape.moments

    moments = run_virtual(main())
    assert sum(one.stream == "mirror" for one in moments) == 6
    assert sum(one.stream == "microphone" for one in moments) == 30
