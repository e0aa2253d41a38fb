"""faster-whisper with real weights (tiny.en) on human voices and on sounds that are none."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import yaml

from services.asr.config import AsrConfig
from services.asr.inference import Inference
from services.asr.invented import Evidence, doubt
from services.asr.partials import words
from shared.events import FinalTranscript, PartialTranscript, SceneEntered, UtteranceDropped
from tests.support.asr_outlet import Room, chunks_of, clip, models, silence
from tests.support.asr_whisper_weights import whisper_tiny_en

pytest.importorskip("faster_whisper")
from services.asr.engines.faster_whisper import FasterWhisper, Options

pytestmark = pytest.mark.engine

VISITORS = Path(__file__).parents[1] / "visitors"
RANDOM = np.random.default_rng(11)


@pytest.fixture(scope="module")
def engine() -> Iterator[FasterWhisper]:
    whisper = FasterWhisper(Options(model=str(whisper_tiny_en()), device="cpu"))
    whisper.warm_up()
    yield whisper
    whisper.close()


def clips() -> Iterator[tuple[str, str, str]]:
    """Visitor, clip, what is said in it; each clip once."""
    for visitor in ("terse", "overtalking", "silent", "talkative"):
        speech = yaml.safe_load((VISITORS / visitor / "visitor.yaml").read_text())["speech"]
        for name, told in speech.items():
            if name != "agree" or visitor == "terse":
                yield visitor, name, told["text"]


def mistakes(said: str, understood: str) -> int:
    """Words inserted, deleted or replaced."""
    a, b = words(said), words(understood)
    row = np.arange(len(b) + 1)
    for i, word in enumerate(a, 1):
        new = [i]
        for j, other in enumerate(b, 1):
            new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (word != other)))
        row = np.array(new)
    return int(row[-1])


def test_of_a_hundred_human_words_at_most_two_are_wrong(engine: FasterWhisper) -> None:
    wrong = total = 0
    for visitor, name, said in clips():
        heard = engine.transcribe(clip(VISITORS / visitor / f"{name}.flac"), "en")
        assert heard.no_speech < 0.3, name
        assert heard.confidence > 0.6, name
        wrong += mistakes(said, heard.text)
        total += len(words(said))
    assert total > 200
    assert wrong / total <= 0.02, f"{wrong} of {total}"  # through `transcribe` of faster-whisper 6 of 221 are


def test_the_sound_before_leaves_no_trace_in_what_is_heard_next(engine: FasterWhisper) -> None:
    first, second = (clip(VISITORS / "terse" / f"{name}.flac") for name in ("drops", "agree"))
    alone = engine.transcribe(second, "en")
    engine.transcribe(first, "en")
    assert engine.transcribe(second, "en") == alone


T = np.arange(3 * 16_000) / 16_000
NOBODY = {
    "digital silence": np.zeros(T.size),
    "a faint hiss": RANDOM.normal(scale=1e-3, size=T.size),
    "hiss": RANDOM.normal(scale=0.1, size=T.size),
    "hum": 0.3 * np.sin(2 * np.pi * 120 * T),
    "beeps": 0.5 * np.sin(2 * np.pi * 1000 * T) * (np.sin(2 * np.pi * 2 * T) > 0),
    "a broken cable": 0.9 * np.sign(np.sin(2 * np.pi * 50 * T)),
    "direct current": np.full(T.size, 0.9),
    "claps": RANDOM.normal(size=T.size) * np.exp(-(T % 0.5) / 0.02) * 0.4,
}


@pytest.mark.parametrize("name", NOBODY)
def test_even_where_the_vad_is_fooled_no_words_come_of_noise(engine: FasterWhisper, name: str) -> None:
    heard = engine.transcribe(NOBODY[name].astype(np.float32), "en")
    fooled = Evidence(speech_s=3.0, span_s=3.0, mean_p=0.9, no_speech=heard.no_speech, confidence=heard.confidence)
    assert doubt(heard.text, fooled), heard.text


# --- the whole stage --------------------------------------------------------------------------------------------------


@pytest.fixture
async def inference() -> AsyncIterator[Inference]:
    pytest.importorskip("moonshine_voice")
    config = AsrConfig(
        engine="fallback",
        partial_engine="moonshine",
        options={
            "fallback": {"order": ["faster_whisper", "moonshine"], "patience_s": 60.0},
            "faster_whisper": {"model": str(whisper_tiny_en()), "device": "cpu"},
        },
    )
    async with models(config) as opened:
        yield opened


async def test_a_human_sentence_becomes_a_final_by_whisper_and_partials_by_moonshine(inference: Inference) -> None:
    room = Room(inference)
    sound = np.concatenate([silence(1.0), clip(VISITORS / "terse" / "drops.flac"), silence(2.0)])
    sound += RANDOM.normal(scale=3e-4, size=sound.size)
    async with room.driver(AsrConfig().ear(), SceneEntered(scene="s", language="en", at=1.0)) as driver:
        await driver.hear(chunks_of(sound))
    [final] = room.outlet.all(FinalTranscript)
    said = "The difference in the rainbow depends considerably upon the size of the drops"
    assert words(final.text) == words(said)
    assert final.engine == "faster_whisper"
    assert 0.6 < final.confidence <= 1.0
    assert room.outlet.all(PartialTranscript)
    assert inference.health() == msgspec.structs.replace(
        inference.health(),
        engine="fallback: faster_whisper",
        device="cpu",
        is_degraded=False,
        fallbacks=0,
        last_error="",
    )


async def test_noise_that_passes_for_speech_is_dropped_by_the_stage(inference: Inference) -> None:
    room = Room(inference)
    async with room.driver(AsrConfig().ear()) as driver:
        await driver.hear(chunks_of(np.concatenate([silence(0.5), NOBODY["claps"], silence(1.5)])))
    assert room.outlet.all(FinalTranscript) == []
    assert all(event.reason for event in room.outlet.all(UtteranceDropped))
