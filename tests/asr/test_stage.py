"""The whole stage on scripted words: sound in, events out, everything between done at once."""

from collections.abc import AsyncIterator, Sequence

import msgspec
import numpy as np
import pytest

from services.asr.config import AsrConfig
from services.asr.hearing import END_SEQ
from services.asr.inference import Inference
from shared.errors import BadInput
from shared.events import (
    AnyEvent,
    EpochAdvanced,
    Event,
    FinalTranscript,
    GuessTranscript,
    MicrophoneChunk,
    MirrorSpeaking,
    PartialTranscript,
    SceneEntered,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    UtteranceDropped,
)
from tests.support.asr_outlet import FakeOutlet, Room, chunks_of, models, silence, tone

CONFIG = AsrConfig(
    engine="scripted",
    options={"scripted": {"sentences": ["The first.", "The second.", "The third."]}},
    detector="loudness",
    turn_judge="timer",
)
EAR = CONFIG.ear()
ONE = np.concatenate([silence(0.5), tone(1.0), silence(1.5)])
STARTS_AT = 1000.0


@pytest.fixture
async def inference() -> AsyncIterator[Inference]:
    async with models(CONFIG) as opened:
        yield opened


def names(events: Sequence[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


async def heard(inference: Inference, sound: np.ndarray, *told: AnyEvent) -> FakeOutlet:
    room = Room(inference)
    async with room.driver(EAR, *told) as driver:
        await driver.hear(chunks_of(sound))
    return room.outlet


async def test_an_utterance_is_started_paused_guessed_and_finished(inference: Inference) -> None:
    outlet = await heard(inference, ONE)
    assert [name for name in names(outlet.events) if name != "PartialTranscript"] == [
        "SpeechStarted",
        "SpeechPaused",
        "GuessTranscript",
        "FinalTranscript",
    ]
    assert outlet.refused == []


async def test_times_are_those_of_the_sound(inference: Inference) -> None:
    outlet = await heard(inference, ONE)
    [final] = outlet.all(FinalTranscript)
    assert final.started_at == pytest.approx(STARTS_AT + 0.5, abs=0.04)
    assert final.ended_at == pytest.approx(STARTS_AT + 1.5, abs=0.04)
    assert final.speech_s == pytest.approx(1.0, abs=0.07)
    assert final.waited_s == pytest.approx(EAR.patience["open"].max_s, abs=0.04)
    assert final.at - final.ended_at == pytest.approx(final.waited_s + final.engine_s, abs=0.04)


async def test_the_guess_is_there_long_before_the_end(inference: Inference) -> None:
    outlet = await heard(inference, ONE)
    [guess], [final] = outlet.all(GuessTranscript), outlet.all(FinalTranscript)
    assert guess.text == final.text == "The first."
    assert guess.at - guess.ended_at < 0.16


async def test_partials_come_while_somebody_speaks(inference: Inference) -> None:
    outlet = await heard(inference, np.concatenate([silence(0.5), tone(3.0), silence(1.5)]))
    partials = outlet.all(PartialTranscript)
    assert partials[0].stable == ""
    assert partials[-1].stable == "The first."
    assert partials[-1].at < STARTS_AT + 3.6


async def test_going_on_voids_the_guess_and_makes_one_utterance(inference: Inference) -> None:
    outlet = await heard(inference, np.concatenate([silence(0.5), tone(1.0), silence(0.4), tone(1.0), silence(1.5)]))
    assert names([e for e in outlet.events if isinstance(e, (SpeechPaused, SpeechResumed, FinalTranscript))]) == [
        "SpeechPaused",
        "SpeechResumed",
        "SpeechPaused",
        "FinalTranscript",
    ]
    assert len(outlet.all(GuessTranscript)) == 2


async def test_ids_only_rise_and_an_end_has_the_highest(inference: Inference) -> None:
    outlet = await heard(inference, np.concatenate([ONE, ONE]))
    ids = [(event.turn, event.seq) for event in outlet.events if event.stream == "hearing"]
    assert ids == sorted(set(ids))
    assert [event.turn for event in outlet.events if event.seq == END_SEQ] == [1, 2]


async def test_what_goes_on_within_a_second_of_the_end_carries_both_texts(inference: Inference) -> None:
    outlet = await heard(inference, np.concatenate([silence(0.5), tone(1.0), silence(1.4), tone(1.0), silence(1.5)]))
    first, second = outlet.all(FinalTranscript)
    assert (first.joins, second.joins) == (0, 1)
    assert second.text == "The first. The second."


async def test_what_comes_later_stands_alone(inference: Inference) -> None:
    outlet = await heard(inference, np.concatenate([silence(0.5), tone(1.0), silence(3.0), tone(1.0), silence(1.5)]))
    assert outlet.all(FinalTranscript)[1].joins == 0


async def test_a_cough_is_dropped(inference: Inference) -> None:
    outlet = await heard(inference, np.concatenate([silence(0.5), tone(0.12), silence(1.5)]))
    assert [event.reason for event in outlet.all(UtteranceDropped)] == ["too_short"]
    assert outlet.all(FinalTranscript) == []


@pytest.mark.parametrize("seconds", [0.0, 5.0])
async def test_silence_is_never_an_utterance(inference: Inference, seconds: float) -> None:
    assert (await heard(inference, silence(seconds))).events == []


async def test_the_scene_says_how_long_to_wait(inference: Inference) -> None:
    outlet = await heard(inference, ONE, SceneEntered(scene="consent", language="en", expects="yes_no", at=1.0))
    [final] = outlet.all(FinalTranscript)
    assert final.waited_s == pytest.approx(0.5, abs=0.04)


async def test_what_is_published_wears_the_epoch(inference: Inference) -> None:
    outlet = await heard(inference, ONE, EpochAdvanced(epoch=4, at=1.0))
    assert {event.epoch for event in outlet.events} == {4}


async def test_it_takes_more_to_begin_while_the_mirror_speaks(inference: Inference) -> None:
    faint = np.concatenate([silence(0.5), 0.035 * tone(1.0), silence(1.5)])
    assert len((await heard(inference, faint)).all(SpeechStarted)) == 1
    speaking = MirrorSpeaking(is_speaking=True, at=1.0)
    assert (await heard(inference, faint, speaking)).all(SpeechStarted) == []


async def test_without_more_sound_the_utterance_ends(inference: Inference) -> None:
    room = Room(inference)
    async with room.driver(EAR) as driver:
        await driver.hear(chunks_of(np.concatenate([silence(0.5), tone(1.0)])))
        assert room.outlet.all(FinalTranscript) == []
        await driver.pass_time(4.0)
    assert len(room.outlet.all(FinalTranscript)) == 1


async def test_a_failing_engine_costs_one_utterance(inference: Inference) -> None:
    config = msgspec.structs.replace(CONFIG, options={"scripted": {"fail_on": [1]}})
    async with models(config) as failing:
        outlet = await heard(failing, np.concatenate([ONE, silence(2.0), ONE]))
        assert [event.reason for event in outlet.all(UtteranceDropped)] == ["unclear"]
        assert [event.turn for event in outlet.all(FinalTranscript)] == [2]
        assert "utterance 1" in failing.health().last_error


async def test_a_language_the_engine_does_not_know_is_unclear_and_health_says_why() -> None:
    config = msgspec.structs.replace(CONFIG, options={"scripted": {"languages": ["en"]}})
    async with models(config) as english:
        room = Room(english, language="nl")
        async with room.driver(EAR) as driver:
            assert english.health().is_degraded
            await driver.hear(chunks_of(ONE))
        assert [event.reason for event in room.outlet.all(UtteranceDropped)] == ["unclear"]
        assert "understands en, not 'nl'" in english.health().last_error


# --- sound that is not as it should be --------------------------------------------------------------------------------


@pytest.mark.parametrize("pcm", [b"", b"\0" * 639, b"\0" * 638, b"\0" * 1280])
async def test_a_chunk_of_another_length_is_refused_and_harms_nothing_else(inference: Inference, pcm: bytes) -> None:
    room = Room(inference)
    chunks = chunks_of(ONE)
    async with room.driver(EAR) as driver:
        await driver.hear(chunks[:40])
        with pytest.raises(BadInput, match="640"):
            await driver.hear([MicrophoneChunk(seq=41, pcm=pcm, captured_at=1000.82)])
        await driver.hear(chunks[41:])
    assert [final.text for final in room.outlet.all(FinalTranscript)] == ["The first."]


async def test_a_chunk_told_twice_or_late_is_ignored(inference: Inference) -> None:
    room = Room(inference)
    async with room.driver(EAR) as driver:
        for chunk in chunks_of(ONE):
            await driver.hear([chunk, chunk])
        await driver.hear(chunks_of(tone(1.0)))
    assert len(room.outlet.all(SpeechStarted)) == 1


async def test_a_hole_in_the_sound_is_silence(inference: Inference) -> None:
    room = Room(inference)
    chunks = chunks_of(np.concatenate([silence(0.5), tone(4.0), silence(1.5)]))
    async with room.driver(EAR) as driver:
        await driver.hear([chunk for chunk in chunks if not 75 <= chunk.seq < 135])
    assert [final.turn for final in room.outlet.all(FinalTranscript)] == [1, 2]


async def test_a_long_hole_ends_what_was_going_on(inference: Inference) -> None:
    room = Room(inference)
    async with room.driver(EAR) as driver:
        await driver.hear(chunks_of(np.concatenate([silence(0.5), tone(1.0)])))
        await driver.hear(chunks_of(ONE, first=5000))
    assert [final.turn for final in room.outlet.all(FinalTranscript)] == [1, 2]


# --- restarts ---------------------------------------------------------------------------------------------------------


def since(chunks: list[MicrophoneChunk], outlet: FakeOutlet) -> list[MicrophoneChunk]:
    """What a successor reads: everything behind the checkpoint."""
    done = outlet.checkpoints[-1].seq if outlet.checkpoints else 0
    return [chunk for chunk in chunks if chunk.seq > done]


@pytest.mark.parametrize("dies_at", range(10, 260, 25))
async def test_a_worker_that_dies_anywhere_says_nothing_twice_and_loses_nothing(
    inference: Inference, dies_at: int
) -> None:
    chunks = chunks_of(np.concatenate([ONE, silence(1.0), ONE]))
    room = Room(inference)
    async with room.driver(EAR) as driver:
        await driver.hear(chunks[:dies_at])
    backlog = since(chunks[:dies_at], room.outlet)
    async with room.driver(EAR) as driver:
        if backlog:
            await driver.hear_backlog(backlog)
        await driver.hear(chunks[dies_at:])
    assert [(final.turn, final.text) for final in room.outlet.all(FinalTranscript)] == [
        (1, "The first."),
        (2, "The second."),
    ]
    assert len(room.outlet.all(SpeechStarted)) == 2


async def test_a_worker_that_dies_before_its_checkpoint_does_not_repeat_the_utterance(inference: Inference) -> None:
    chunks = chunks_of(ONE)
    room = Room(inference)
    async with room.driver(EAR) as driver:
        await driver.hear(chunks)
    async with room.driver(EAR) as driver:
        await driver.hear_backlog(chunks)
    assert [final.turn for final in room.outlet.all(FinalTranscript)] == [1]
    assert room.outlet.refused == []


async def test_a_backlog_is_heard_without_guesses_and_partials(inference: Inference) -> None:
    room = Room(inference)
    async with room.driver(EAR) as driver:
        await driver.hear_backlog(chunks_of(np.concatenate([ONE, silence(5.0)])))
    assert names(room.outlet.events) == ["SpeechStarted", "SpeechPaused", "FinalTranscript"]


async def test_an_utterance_that_is_not_found_again_is_closed(inference: Inference) -> None:
    room = Room(inference)
    await room.outlet.publish(SpeechStarted(turn=3, seq=80, started_at=STARTS_AT, at=STARTS_AT))
    async with room.driver(EAR) as driver:
        await driver.hear(chunks_of(np.concatenate([silence(2.0), ONE])))
    assert [(event.turn, event.reason) for event in room.outlet.all(UtteranceDropped)] == [(3, "unclear")]
    assert [final.turn for final in room.outlet.all(FinalTranscript)] == [4]


async def test_in_a_long_silence_the_checkpoint_moves(inference: Inference) -> None:
    outlet = await heard(inference, silence(11.0))
    assert [checkpoint.seq for checkpoint in outlet.checkpoints] == [200, 450]


async def test_the_checkpoint_never_passes_speech_that_is_not_finished(inference: Inference) -> None:
    outlet = await heard(inference, np.concatenate([silence(4.0), tone(8.0)]))
    assert max((checkpoint.seq for checkpoint in outlet.checkpoints), default=0) < 200
