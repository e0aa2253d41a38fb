"""The copy's voice after a restart: restored from what its maker left, made again only where that cannot be read."""

import asyncio
import contextlib
import threading
from collections.abc import Generator

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from services.tts.config import TtsConfig
from services.tts.engines.keeping import packed, unpacked
from services.tts.engines.tone import Options, Tone
from services.tts.stage import TtsStage
from services.tts.synthesizer import Voice, VoiceSample
from shared.errors import BadInput, EngineFailed
from shared.events import ReplyClause, VoiceFailed, VoiceReady
from tests.support.tts_room import Room, sample, visiting


class Pitch(msgspec.Struct, frozen=True):
    hertz: float


class Other(msgspec.Struct, frozen=True):
    words: str


class Counting(Tone):
    """Counts the voices it makes."""

    def __init__(self) -> None:
        super().__init__(Options())
        self.made = 0

    def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
        self.made += 1
        return (yield from super().make_voice(sample))


def clause(turn: int) -> ReplyClause:
    return ReplyClause(turn=turn, seq=1, index=0, text="I am you, only you.", voice="self", language="en")


async def enrolled() -> Room:
    """A visit whose worker made the copy's voice, said something in it, and is gone."""
    room = Room()
    room.streams["voice_sample"] = [sample()]
    async with visiting(room) as visit:
        await room.until("voice_ready", 1)
        await visit.handle(clause(1))
    return room


def kept_as(room: Room, kept: bytes) -> Room:
    room.streams["voice_ready"] = [
        msgspec.structs.replace(event, kept=kept) if isinstance(event, VoiceReady) else event
        for event in room.streams["voice_ready"]
    ]
    return room


async def test_a_successor_speaks_in_the_same_voice_without_making_it() -> None:
    room, engine = await enrolled(), Counting()
    async with visiting(room, engine) as visit:
        await visit.handle(clause(2))
    assert engine.made == 0
    assert np.array_equal(room.sound(1), room.sound(2))
    assert len(room.streams["voice_ready"]) == 1


async def test_the_sample_met_again_in_its_turn_makes_no_second_voice() -> None:
    room, engine = await enrolled(), Counting()
    async with visiting(room, engine) as visit:
        await visit.handle(sample())
        await visit.handle(clause(2))
    assert engine.made == 0


async def test_a_sample_that_is_no_sound_is_refused_though_the_voice_is_there() -> None:
    room = await enrolled()
    async with visiting(room) as visit:
        with pytest.raises(BadInput, match="3 bytes"):
            await visit.handle(msgspec.structs.replace(sample(), seq=2, pcm=b"odd"))


async def test_a_newer_sample_still_makes_a_newer_voice() -> None:
    room, engine = await enrolled(), Counting()
    async with visiting(room, engine) as visit:
        await visit.handle(sample(330.0, turn=2))
        await room.until("voice_ready", 2)
    assert engine.made == 1


async def test_a_sample_that_came_after_the_voice_is_made_though_an_older_voice_is_kept() -> None:
    class Slow(Counting):
        gate = threading.Event()

        def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
            while not self.gate.is_set():  # speech goes between
                yield
            return (yield from super().make_voice(sample))

    room, engine = await enrolled(), Slow()
    room.streams["voice_sample"].append(sample(330.0, turn=2))
    async with visiting(room, engine) as visit:
        await visit.handle(clause(2))
        engine.gate.set()
        await room.until("voice_ready", 2)
    assert np.array_equal(room.sound(1), room.sound(2))  # the older voice goes on until the newer one is there
    assert engine.made == 1


async def test_an_older_voice_comes_back_though_no_newer_one_could_be_made() -> None:
    room, engine = await enrolled(), Counting()
    room.streams["voice_sample"].append(sample(330.0, turn=2))
    await room.publish(VoiceFailed(turn=2, seq=9, reason="too noisy"))
    async with visiting(room, engine) as visit:
        await visit.handle(clause(2))
    assert np.array_equal(room.sound(1), room.sound(2))
    assert engine.made == 0


@pytest.mark.parametrize("kept", [b"", b"no voice", packed("another", Pitch(120.0)), packed("tone", Other("high"))])
async def test_a_voice_that_cannot_be_restored_is_made_again_and_the_copy_waits_for_it(kept: bytes) -> None:
    room, engine = kept_as(await enrolled(), kept), Counting()
    stage = TtsStage(TtsConfig(), engine)
    async with visiting(room, stage=stage) as visit:
        await visit.handle(clause(2))
    assert engine.made == 1
    assert np.array_equal(room.sound(1), room.sound(2))
    assert ("kept" in stage.health().last_error) == bool(kept)


async def test_what_the_first_voice_needs_is_done_before_anybody_comes() -> None:
    class Preparing(Tone):
        is_prepared = threading.Event()

        def prepare(self) -> Generator[None, None, None]:
            yield
            self.is_prepared.set()

    engine = Preparing(Options())
    async with visiting(Room(), engine):
        assert await asyncio.to_thread(engine.is_prepared.wait, 20)


async def test_a_preparation_that_fails_is_told_and_speaking_goes_on() -> None:
    class Unprepared(Tone):
        def prepare(self) -> Generator[None, None, None]:
            yield
            raise EngineFailed("no pattern")

    room, stage = Room(), TtsStage(TtsConfig(), Unprepared(Options()))
    async with visiting(room, stage=stage) as visit:
        await visit.handle(ReplyClause(turn=1, seq=1, index=0, text="I am here.", voice="host", language="en"))
    assert room.chunks
    assert stage.health().last_error == "no pattern"


class Form(msgspec.Struct, frozen=True):
    frames: NDArray[np.float32]
    text: str
    gain: float


def test_what_is_kept_comes_back() -> None:
    frames = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = unpacked("engine 1", packed("engine 1", Form(frames, "Words. ", 0.1)), Form)
    assert np.array_equal(found.frames, frames)
    assert found.frames.dtype == np.float32
    assert (found.text, found.gain) == ("Words. ", 0.1)


def test_another_authors_voice_is_refused() -> None:
    kept = packed("engine 1", Form(np.zeros((1, 1), dtype=np.float32), "", 1.0))
    with pytest.raises(EngineFailed, match=r"engine 2: .* from engine 1"):
        unpacked("engine 2", kept, Form)


def test_whatever_is_damaged_is_refused_or_read_as_numbers_never_anything_worse() -> None:
    kept = packed("engine 1", Form(np.ones((20, 3), dtype=np.float32), "Words. ", 0.1))
    random = np.random.default_rng(1)
    for _ in range(3_000):
        broken = bytearray(kept[: random.integers(len(kept)) if random.random() < 0.2 else None])
        for place in random.integers(len(kept), size=random.integers(1, 4)):
            if place < len(broken):
                broken[place] = random.integers(256)
        with contextlib.suppress(EngineFailed):
            assert unpacked("engine 1", bytes(broken), Form).frames.dtype.kind == "f"
