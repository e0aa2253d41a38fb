"""The copy's voice after a restart: restored from what its maker left, made again only where that cannot be read."""

from collections.abc import Generator

import msgspec
import numpy as np
import pytest

from services.tts.config import TtsConfig
from services.tts.engines.keeping import packed, unpacked
from services.tts.engines.tone import Options, Tone
from services.tts.stage import TtsStage
from services.tts.synthesizer import Voice, VoiceSample
from shared.errors import EngineFailed
from shared.events import ReplyClause, VoiceReady
from tests.support.tts_room import Room, sample, visiting


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


async def test_a_newer_sample_still_makes_a_newer_voice() -> None:
    room, engine = await enrolled(), Counting()
    async with visiting(room, engine) as visit:
        await visit.handle(sample(330.0, turn=2))
        await room.until("voice_ready", 2)
    assert engine.made == 1


async def test_a_sample_that_came_after_the_voice_is_made_though_an_older_voice_is_kept() -> None:
    room, engine = await enrolled(), Counting()
    room.streams["voice_sample"].append(sample(330.0, turn=2))
    async with visiting(room, engine):
        await room.until("voice_ready", 2)
    assert engine.made == 1


@pytest.mark.parametrize(
    "kept", [b"", b"no voice", packed("another", {"hertz": 120.0}), packed("tone", {"pitch": 1.0})]
)
async def test_a_voice_that_cannot_be_restored_is_made_again_and_the_copy_waits_for_it(kept: bytes) -> None:
    room, engine = kept_as(await enrolled(), kept), Counting()
    stage = TtsStage(TtsConfig(), engine)
    async with visiting(room, stage=stage) as visit:
        await visit.handle(clause(2))
    assert engine.made == 1
    assert np.array_equal(room.sound(1), room.sound(2))
    assert ("kept" in stage.health().last_error) == bool(kept)


async def test_what_the_first_voice_needs_is_done_before_anybody_comes() -> None:
    class Preparing(Counting):
        is_prepared = False

        def prepare(self) -> Generator[None, None, None]:
            yield
            self.is_prepared = True

        def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
            assert self.is_prepared
            return (yield from super().make_voice(sample))

    room, engine = Room(), Preparing()
    async with visiting(room, engine) as visit:
        await visit.handle(sample())
        [ready] = await room.until("voice_ready", 1)
    assert isinstance(ready, VoiceReady)


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


def test_what_is_kept_comes_back_and_a_cut_archive_is_refused() -> None:
    kept = packed("engine 1", {"frames": np.arange(6.0).reshape(2, 3), "text": "Words. "})
    parts = unpacked("engine 1", kept, ("frames", "text"))
    assert parts["frames"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert str(parts["text"]) == "Words. "
    for end in range(0, len(kept), 40):
        with pytest.raises(EngineFailed, match="engine 1: what was kept"):
            unpacked("engine 1", kept[:end], ("frames", "text"))
    with pytest.raises(EngineFailed, match="engine 1's"):
        unpacked("engine 2", kept, ("frames", "text"))
