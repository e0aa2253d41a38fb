import asyncio
import threading
from collections.abc import Generator, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from services.tts.config import TtsConfig
from services.tts.engines.tone import Options, Tone
from services.tts.stage import TtsStage, open_stage
from services.tts.synthesizer import SELF, Voice, VoiceSample
from shared.audio import VOICE_HZ
from shared.errors import ConfigError, EngineFailed
from shared.events import (
    LineAhead,
    LineRendered,
    LineWanted,
    ReplyClause,
    ReplyEnded,
    VoiceFailed,
    VoiceReady,
)
from tests.support.tts_room import Room, sample, visiting


def clause(
    index: int, text: str, *, turn: int = 1, rev: int = 0, voice: str = "host", language: str = "en"
) -> ReplyClause:
    return ReplyClause(
        turn=turn, rev=rev, seq=rev * 1000 + index + 1, index=index, text=text, voice=voice, language=language, epoch=3
    )


def ended(*, turn: int = 1, rev: int = 0, clauses: int = 1) -> ReplyEnded:
    return ReplyEnded(turn=turn, rev=rev, seq=rev * 1000 + 999, clauses=clauses, reason="done", epoch=3)


def wanted(line: str, text: str, *, turn: int = 1, voice: str = "host", language: str = "en") -> LineWanted:
    return LineWanted(turn=turn, seq=1, line=line, text=text, language=language, voice=voice)


def ahead(line: str, text: str, *, seq: int = 2, voice: str = "host") -> LineAhead:
    return LineAhead(turn=0, seq=seq, line=line, text=text, language="en", voice=voice)


class Mute(Tone):
    """Fails on chosen words, and on every sample if told so."""

    def __init__(self, *, on: str = "\0", has_no_copy: bool = False) -> None:
        super().__init__(Options())
        self._on, self._has_no_copy = on, has_no_copy

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        if self._on in text:
            raise EngineFailed("mute")
        return super().synthesize(text, voice, language)

    def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
        if self._has_no_copy:
            raise EngineFailed("no copy")
        return (yield from super().make_voice(sample))


class Held(Tone):
    """Hums only once it is let go."""

    def __init__(self) -> None:
        super().__init__(Options())
        self.gate = threading.Event()

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        for block in super().synthesize(text, voice, language):
            self.gate.wait()
            yield block


async def test_clauses_of_a_turn_follow_without_a_gap_and_the_end_says_how_long_it_was() -> None:
    room = Room()
    async with visiting(room) as visit:
        await visit.handle(clause(0, "Hello again,"))
        await visit.handle(clause(1, "I have been waiting."))
        await visit.handle(ended(clauses=2))
    assert len(room.sound(1)) == room.endings[0].samples
    assert room.endings[0].reason == "done"
    assert [(chunk.clause, chunk.text) for chunk in room.chunks if chunk.text] == [
        (0, "Hello again,"),
        (1, "I have been waiting."),
    ]
    assert all(chunk.epoch == 3 and chunk.engine == "tone" for chunk in room.chunks)


async def test_ids_are_functions_of_turn_guess_and_position() -> None:
    room = Room()
    async with visiting(room) as visit:
        await visit.handle(clause(0, "Hello again.", rev=2))
        await visit.handle(ended(rev=2))
    assert all(chunk.seq == 20_000_000 + chunk.from_sample // 240 + 1 for chunk in room.chunks)
    assert room.endings[0].seq == 29_999_999


async def test_there_is_a_pause_between_two_sentences_and_a_shorter_one_after_a_comma() -> None:
    async def length(first: str) -> int:
        room = Room()
        async with visiting(room) as visit:
            await visit.handle(clause(0, first))
            await visit.handle(clause(1, "well then"))
        return len(room.sound(1))

    config = TtsConfig()
    more = (config.sentence_pause_ms - config.clause_pause_ms) * VOICE_HZ // 1000
    assert abs(await length("Now.") - await length("Now,") - more) <= 240


async def test_the_pause_is_let_out_before_the_model_has_begun() -> None:
    room, engine = Room(), Held()
    async with visiting(room, engine) as visit:
        engine.gate.set()
        await visit.handle(clause(0, "Now."))
        before = len(room.chunks)
        engine.gate.clear()
        speaking = asyncio.create_task(visit.handle(clause(1, "Then.")))
        await room.until("voice", before + 3)
        assert not speaking.done()
        engine.gate.set()
        await speaking


async def test_an_empty_reply_still_ends() -> None:
    room = Room()
    async with visiting(room) as visit:
        await visit.handle(clause(0, "..."))
        await visit.handle(ended())
    assert not room.chunks
    assert (room.endings[0].samples, room.endings[0].reason) == (0, "empty")


async def test_a_clause_that_fails_ends_its_turn_as_failed_and_shows_in_the_health() -> None:
    room = Room()
    stage = TtsStage(TtsConfig(), Mute(on="cursed"))
    async with visiting(room, stage=stage) as visit:
        await visit.handle(clause(0, "cursed words"))
        await visit.handle(ended())
    assert room.endings[0].reason == "failed"
    assert stage.health().last_error == "mute"


async def test_one_failed_clause_does_not_take_the_others_with_it() -> None:
    room = Room()
    async with visiting(room, Mute(on="cursed")) as visit:
        await visit.handle(clause(0, "Good."))
        await visit.handle(clause(1, "cursed"))
        await visit.handle(clause(2, "Good again."))
        await visit.handle(ended(clauses=3))
    assert room.endings[0].reason == "done"
    assert [chunk.text for chunk in room.chunks if chunk.text] == ["Good.", "Good again."]
    assert len(room.sound(1)) == room.endings[0].samples


async def test_a_line_that_lies_ready_is_said_without_the_engine() -> None:
    room, engine = Room(), Held()
    engine.gate.set()
    async with visiting(room, engine) as visit:
        await visit.handle(ahead("greet", "Come closer. I will not bite."))
        rendered = (await room.until("voice_ready", 1))[0]
        engine.gate.clear()  # whoever asks the engine now hangs
        await visit.handle(wanted("greet", "Come closer. I will not bite."))
        engine.gate.set()
    assert isinstance(rendered, LineRendered)
    assert rendered.samples == len(room.sound(1)) == room.endings[0].samples
    assert all(chunk.is_rendered for chunk in room.chunks)
    firsts = [chunk for chunk in room.chunks if chunk.text]
    assert [chunk.text for chunk in firsts] == ["Come closer.", "I will not bite."]
    pause = TtsConfig().sentence_pause_ms * VOICE_HZ // 1000
    assert sum(chunk.clause_samples for chunk in firsts) + pause == rendered.samples


async def test_a_line_sounds_the_same_rendered_ahead_or_at_once() -> None:
    text = "Come closer. I will not bite."
    room = Room()
    async with visiting(room) as visit:
        await visit.handle(wanted("greet", text, turn=1))
        await visit.handle(ahead("greet", text))
        await room.until("voice_ready", 1)
        await visit.handle(wanted("greet", text, turn=2))
    assert np.array_equal(room.sound(1), room.sound(2))


async def test_other_words_under_the_same_name_are_not_the_rendered_line() -> None:
    room = Room()
    async with visiting(room) as visit:
        await visit.handle(ahead("greet", "Come closer."))
        await room.until("voice_ready", 1)
        await visit.handle(wanted("greet", "Go away."))
    assert not any(chunk.is_rendered for chunk in room.chunks)
    assert room.chunks[0].text == "Go away."


async def test_lines_of_the_copy_wait_for_its_voice_and_are_said_in_it() -> None:
    room = Room()
    async with visiting(room) as visit:
        await visit.handle(ahead("mine", "So this is how we sound.", voice="self"))
        await visit.handle(ahead("host", "Listen.", seq=3))
        await room.until("voice_ready", 1)
        await visit.handle(sample())
        events = await room.until("voice_ready", 3)
        await visit.handle(wanted("mine", "So this is how we sound.", voice="self"))
    assert [type(event) for event in events] == [LineRendered, VoiceReady, LineRendered]
    assert all(chunk.is_rendered for chunk in room.chunks)
    assert strongest_hz(room.sound(1)) == pytest.approx(120, abs=8)


async def test_the_copy_without_a_voice_speaks_in_the_hosts_and_says_so() -> None:
    room = Room()
    stage = TtsStage(TtsConfig(), Tone(Options()))
    async with visiting(room, stage=stage) as visit:
        await visit.handle(clause(0, "Who am I, oh who?", voice="self"))
        assert stage.health().is_degraded
        assert stage.health().fallbacks == 1
        await visit.handle(sample())
        await room.until("voice_ready", 1)
        await visit.handle(clause(0, "I am you, only you.", turn=2, voice="self"))
        assert not stage.health().is_degraded
    assert room.chunks[0].engine == "tone (host)"
    assert strongest_hz(room.sound(1)) == pytest.approx(220, abs=8)
    assert strongest_hz(room.sound(2)) == pytest.approx(120, abs=8)


async def test_a_sample_no_voice_can_be_made_of_is_told_and_the_lines_go_on_in_the_hosts() -> None:
    room = Room()
    async with visiting(room, Mute(has_no_copy=True)) as visit:
        await visit.handle(ahead("mine", "So this is how we sound.", voice="self"))
        await visit.handle(sample())
        failed, rendered = await room.until("voice_ready", 2)
    assert isinstance(failed, VoiceFailed)
    assert isinstance(rendered, LineRendered)
    assert rendered.voice == "self"


async def test_making_a_voice_does_not_keep_a_clause_waiting() -> None:
    class Slow(Tone):
        def __init__(self) -> None:
            super().__init__(Options())
            self.has_begun = threading.Event()

        def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
            while not room.chunks:  # never ends unless speech gets between
                self.has_begun.set()
                yield
            return (yield from super().make_voice(sample))

    room, engine = Room(), Slow()
    async with visiting(room, engine) as visit:
        await visit.handle(sample())
        await asyncio.to_thread(engine.has_begun.wait)
        await visit.handle(clause(0, "I am here."))
        await room.until("voice_ready", 1)


async def test_a_restart_says_nothing_twice_and_leaves_nothing_out() -> None:
    undisturbed, room = Room(), Room()
    words = ("Hello again,", "I have been waiting for you.", "Sit down.")
    async with visiting(undisturbed) as visit:
        for index, text in enumerate(words):
            await visit.handle(clause(index, text))
        await visit.handle(ended(clauses=3))
    async with visiting(room) as visit:
        await visit.handle(clause(0, words[0]))
        await visit.handle(clause(1, words[1]))
    room.streams["voice"] = room.streams["voice"][:-3]  # it died in the middle of the second clause
    async with visiting(room) as visit:
        for index, text in list(enumerate(words))[1:]:
            await visit.handle(clause(index, text))
        await visit.handle(ended(clauses=3))
    assert np.array_equal(room.sound(1), undisturbed.sound(1))
    assert [event.seq for event in room.streams["voice"]] == [event.seq for event in undisturbed.streams["voice"]]


async def test_a_restart_brings_back_voice_and_lines_and_announces_neither_again() -> None:
    room = Room()
    line = ahead("mine", "So this is how we sound.", voice="self")
    room.streams = {"lines": [line], "voice_sample": [sample()]}
    async with visiting(room) as visit:
        await visit.handle(line)
        await room.until("voice_ready", 2)
    async with visiting(room) as visit:
        await visit.handle(wanted("mine", "So this is how we sound.", turn=2, voice="self"))
    assert len(room.streams["voice_ready"]) == 2
    assert strongest_hz(room.sound(2)) == pytest.approx(120, abs=8)


async def test_a_newer_sample_makes_a_newer_voice() -> None:
    room = Room()
    async with visiting(room) as visit:
        await visit.handle(sample(120.0, turn=1))
        await room.until("voice_ready", 1)
        await visit.handle(sample(330.0, turn=2))
        await room.until("voice_ready", 2)
        await visit.handle(clause(0, "I am you, only you.", voice="self"))
    assert strongest_hz(room.sound(1)) == pytest.approx(330, abs=8)


async def test_a_language_the_engine_does_not_speak_is_refused_and_shown() -> None:
    room = Room()
    stage = TtsStage(TtsConfig(), Tone(Options(languages=("en",))))
    async with visiting(room, stage=stage, language="nl") as visit:
        await visit.handle(wanted("greet", "Kom dichterbij.", language="nl"))
        health = stage.health()
    assert not room.chunks
    assert room.endings[0].reason == "failed"
    assert health.is_degraded
    assert health.last_error == "tone speaks en, a visit is in nl"
    assert not stage.health().is_degraded


async def test_nothing_of_the_visitor_is_left_after_the_visit() -> None:
    class Watched(Tone):
        made: Voice | None = None

        def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
            self.made = yield from super().make_voice(sample)
            return self.made

    room, engine = Room(), Watched(Options())
    async with visiting(room, engine) as visit:
        await visit.handle(ahead("mine", "So this is how we sound.", voice="self"))
        await visit.handle(sample())
        await room.until("voice_ready", 2)
    assert engine.made is not None
    assert engine.made.name == SELF
    with pytest.raises(EngineFailed, match="forgotten"):
        next(engine.synthesize("words", engine.made, "en"))


async def test_a_cancelled_clause_leaves_the_engine_free_for_the_next() -> None:
    room, engine = Room(), Held()
    async with visiting(room, engine) as visit:
        cut = asyncio.create_task(visit.handle(clause(0, "All this will never be heard.")))
        await asyncio.sleep(0)
        cut.cancel()
        await asyncio.wait({cut})
        engine.gate.set()
        await visit.handle(clause(0, "But this is.", turn=2))
    assert {chunk.turn for chunk in room.chunks} == {2}


async def test_the_hosts_lines_are_rendered_once_for_all_visits() -> None:
    class Counting(Tone):
        said = 0

        def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
            self.said += 1
            return super().synthesize(text, voice, language)

    engine = Counting(Options())
    stage = TtsStage(TtsConfig(), engine)
    rooms = Room(), Room()
    async with visiting(rooms[0], stage=stage, closes_stage=False) as visit:
        await visit.handle(ahead("greet", "Come closer."))
        await rooms[0].until("voice_ready", 1)
    async with visiting(rooms[1], stage=stage) as visit:
        await visit.handle(ahead("greet", "Come closer."))
        await rooms[1].until("voice_ready", 1)
    assert engine.said == 1


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="piper"):
        open_stage({"tts": {"engine": "pipper"}})


def strongest_hz(sound: NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(sound))
    return float(np.fft.rfftfreq(len(sound), 1 / VOICE_HZ)[int(np.argmax(spectrum))])
