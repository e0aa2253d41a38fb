"""The embedded models on human voices, through the whole stage in virtual time."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from services.asr.config import AsrConfig
from services.asr.ear import EarSettings
from services.asr.inference import Inference
from services.asr.partials import words
from shared.errors import EngineUnavailable
from shared.events import (
    CaptureVoice,
    Event,
    FinalTranscript,
    GuessTranscript,
    PartialTranscript,
    SceneEntered,
    SpeechStarted,
    UtteranceDropped,
    VoiceSampleRefused,
    VoiceSampleTaken,
)
from tests.support.asr_outlet import FakeOutlet, Room, chunks_of, clip, models, silence

pytestmark = pytest.mark.engine

VISITORS = Path(__file__).parents[1] / "visitors"
CONFIG = AsrConfig()
EAR = CONFIG.ear()
RANDOM = np.random.default_rng(11)


@pytest.fixture
async def inference() -> AsyncIterator[Inference]:
    pytest.importorskip("moonshine_voice")
    pytest.importorskip("onnxruntime")
    try:
        async with models(CONFIG) as opened:
            yield opened
    except EngineUnavailable as error:
        pytest.skip(str(error))


def in_a_room(*sounds: NDArray[np.float32], pause_s: float = 2.5) -> NDArray[np.float64]:
    """One after another, with a faint hiss throughout."""
    parts = [part for sound in sounds for part in (sound, silence(pause_s))]
    whole = np.concatenate([silence(1.0), *parts])
    return np.asarray(whole + RANDOM.normal(scale=3e-4, size=whole.size))


async def heard(
    inference: Inference, sound: NDArray[np.floating], expects: str = "open", ear: EarSettings = EAR
) -> FakeOutlet:
    room = Room(inference)
    async with room.driver(ear, SceneEntered(scene="s", language="en", expects=expects, at=1.0)) as driver:
        await driver.hear(chunks_of(sound))
    return room.outlet


def wrong(said: str, understood: str) -> int:
    """Words inserted, deleted or replaced."""
    row = list(range(len(words(understood)) + 1))
    for i, a in enumerate(words(said), 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(words(understood), 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


SPEAKING = [
    ("terse", "rainbow"),
    ("terse", "band"),
    ("overtalking", "before_us"),
    ("overtalking", "noisiest"),
    ("silent", "snack"),
    ("talkative", "respectable"),
    ("talkative", "leisure"),
]


async def test_of_a_hundred_words_at_most_six_are_wrong(inference: Inference) -> None:
    without_partials = msgspec.structs.replace(EAR, partial_step_s=0.0)
    mistakes = total = 0
    for visitor, name in SPEAKING:
        said = yaml.safe_load((VISITORS / visitor / "visitor.yaml").read_text())["speech"][name]["text"]
        outlet = await heard(inference, in_a_room(clip(VISITORS / visitor / f"{name}.flac")), ear=without_partials)
        finals = outlet.all(FinalTranscript)
        mistakes += wrong(said, finals[-1].text if finals[-1].joins else " ".join(final.text for final in finals))
        total += len(words(said))
    assert mistakes / total <= 0.06, f"{mistakes} of {total}"


async def test_a_sentence_is_guessed_at_its_pause_and_finished_without_a_change(inference: Inference) -> None:
    outlet = await heard(inference, in_a_room(clip(VISITORS / "terse" / "drops.flac")))
    [guess], [final] = outlet.all(GuessTranscript)[-1:], outlet.all(FinalTranscript)
    assert guess.text == final.text
    assert words(final.text) == words("The difference in the rainbow depends considerably upon the size of the drops")
    assert final.waited_s < 0.4
    assert outlet.all(PartialTranscript)


async def test_a_spoken_yes_is_an_answer(inference: Inference) -> None:
    outlet = await heard(inference, in_a_room(clip(VISITORS / "terse" / "agree.flac")), "yes_no")
    [final] = outlet.all(FinalTranscript)
    assert words(final.text) == ("yes",)
    assert final.waited_s <= 0.52


T = np.arange(6 * 16_000) / 16_000
NOT_SPEECH = {
    "hiss": RANDOM.normal(scale=0.1, size=T.size),
    "loud hiss": RANDOM.normal(scale=0.5, size=T.size),
    "hum": 0.3 * np.sin(2 * np.pi * 100 * T) + 0.1 * np.sin(2 * np.pi * 200 * T),
    "beeps": 0.5 * np.sin(2 * np.pi * 1000 * T) * (np.sin(2 * np.pi * 2 * T) > 0),
    "a broken cable": 0.9 * np.sign(np.sin(2 * np.pi * 50 * T)),
    "direct current": np.full(T.size, 0.9),
    "claps": RANDOM.normal(size=T.size) * np.exp(-(T % 0.5) / 0.02) * 0.4,
    "a piano": sum(
        0.2 * np.sin(2 * np.pi * 220 * 2 ** ((T // 0.4 * 7 % 12) / 12) * k * T) / k for k in (1, 2, 3)
    ) * np.exp(-(T % 0.4) / 0.2),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_SPEECH)
async def test_what_is_no_speech_gives_no_words(inference: Inference, name: str) -> None:
    outlet = await heard(inference, np.concatenate([silence(0.5), NOT_SPEECH[name], silence(1.5)]))
    assert outlet.all(FinalTranscript) == []
    assert outlet.all(PartialTranscript) == []
    assert len(outlet.all(UtteranceDropped)) == len(outlet.all(SpeechStarted))


@pytest.mark.parametrize("gain", [0.03, 16.0])
async def test_a_faint_or_overdriven_voice_is_still_understood(inference: Inference, gain: float) -> None:
    sound = np.clip(gain * clip(VISITORS / "terse" / "drops.flac"), -1, 1)
    outlet = await heard(inference, np.concatenate([silence(0.5), sound, silence(2.0)]))
    assert (
        wrong(
            "The difference in the rainbow depends considerably upon the size of the drops",
            outlet.all(FinalTranscript)[0].text,
        )
        <= 1
    )


# --- the voice sample -------------------------------------------------------------------------------------------------

CAPTURE = CaptureVoice(is_on=True, at=1000.2)
SENTENCES = [clip(VISITORS / "overtalking" / f"{name}.flac") for name in ("belief", "foolishness", "before_us")]


async def test_a_voice_sample_is_taken_once_there_is_enough_of_it(inference: Inference) -> None:
    room = Room(inference)
    async with room.driver(EAR, CAPTURE) as driver:
        await driver.hear(chunks_of(in_a_room(*SENTENCES)))
    refused, [taken] = room.outlet.all(VoiceSampleRefused), room.outlet.all(VoiceSampleTaken)
    assert {event.reason for event in refused} == {"too_little"}
    assert 5.0 <= taken.speech_s <= 9.0
    assert taken.snr_db > 15
    assert len(taken.pcm) % 2 == 0
    assert taken.speech_s < len(taken.pcm) / 32_000 < taken.speech_s + 4
    assert taken.turn == room.outlet.all(FinalTranscript)[-1].turn


async def test_without_the_order_nothing_is_gathered(inference: Inference) -> None:
    outlet = await heard(inference, in_a_room(SENTENCES[2]))
    assert [event for event in outlet.events if event.stream == "voice_sample"] == []


async def said_with_the_order_at(inference: Inference, at: float) -> list[Event]:
    room = Room(inference)
    async with room.driver(EAR, CaptureVoice(is_on=True, at=at)) as driver:
        await driver.hear(chunks_of(in_a_room(SENTENCES[0])))
    [final] = room.outlet.all(FinalTranscript)
    assert final.started_at < at
    return [event for event in room.outlet.events if event.stream == "voice_sample"]


async def test_what_was_said_before_the_order_is_not_gathered(inference: Inference) -> None:
    assert await said_with_the_order_at(inference, 1005.0) == []


async def test_where_the_order_came_in_the_middle_the_play_that_waits_is_told_that_it_is_too_little(
    inference: Inference,
) -> None:
    [told] = await said_with_the_order_at(inference, 1002.0)
    assert isinstance(told, VoiceSampleRefused)
    assert (told.reason, told.speech_s) == ("too_little", 0.0)


async def test_a_successor_gathers_again_what_was_gathered(inference: Inference) -> None:
    chunks = chunks_of(in_a_room(*SENTENCES))
    room = Room(inference)
    dies_at = len(chunks_of(in_a_room(*SENTENCES[:2]))) + 10  # two sentences are judged, the third has begun
    await room.outlet.publish(*chunks)
    async with room.driver(EAR, CAPTURE) as driver:
        await driver.hear(chunks[:dies_at])
    done = room.outlet.checkpoints[-1].seq
    async with room.driver(EAR, CAPTURE) as driver:
        await driver.hear_backlog(chunks[done:dies_at])
        await driver.hear(chunks[dies_at:])
    [taken] = room.outlet.all(VoiceSampleTaken)
    assert taken.speech_s >= 5.0
    assert [event.turn for event in room.outlet.all(FinalTranscript)] == [1, 2, 3]
