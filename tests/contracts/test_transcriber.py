"""What every transcription engine must do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.asr.config import AsrConfig
from services.asr.engines import ENGINES
from services.asr.partials import words
from services.asr.transcriber import Pcm, Transcriber
from services.asr.trial import read_sound
from shared.errors import EngineFailed, EngineUnavailable
from tests.support.asr_whisper_weights import whisper_tiny_en

CLIP = Path(__file__).parents[1] / "visitors" / "terse" / "drops.flac"
SAID = "The difference in the rainbow depends considerably upon the size of the drops."

ENGINE_OPTIONS: dict[str, dict[str, Any]] = {
    "moonshine": {},
    "faster_whisper": {},
    "scripted": {"scripted": {"sentences": [SAID], "languages": ["en"]}},
    "fallback": {
        "fallback": {"order": ["moonshine", "scripted"]},
        "scripted": {"sentences": [SAID], "languages": ["en"]},
    },
}


@pytest.fixture(
    params=[
        pytest.param("moonshine", marks=pytest.mark.engine),
        pytest.param("faster_whisper", marks=pytest.mark.engine),
        "scripted",
        pytest.param("fallback", marks=pytest.mark.engine),
    ],
    scope="module",
)
def engine(request: pytest.FixtureRequest) -> Iterator[Transcriber]:
    options = dict(ENGINE_OPTIONS[request.param])
    if request.param == "faster_whisper":
        options["faster_whisper"] = {"model": str(whisper_tiny_en()), "device": "cpu"}
    elif request.param != "scripted":
        pytest.importorskip("moonshine_voice")
    opened = ENGINES.open(AsrConfig(engine=request.param, options=options))
    opened.warm_up()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def speech() -> Pcm:
    return read_sound(str(CLIP))


def test_it_says_who_it_is(engine: Transcriber) -> None:
    assert engine.name
    assert engine.version
    assert engine.device in ("cpu", "cuda")
    assert engine.fallbacks == 0
    assert engine.trouble == ""


def test_it_understands_a_human_voice(engine: Transcriber, speech: Pcm) -> None:
    heard = engine.transcribe(speech, "en")
    assert words(heard.text) == words(SAID)
    assert 0.0 <= heard.confidence <= 1.0
    assert 0.0 <= heard.no_speech <= 1.0
    assert heard.engine


def test_the_same_sound_gives_the_same_words(engine: Transcriber, speech: Pcm) -> None:
    assert engine.transcribe(speech, "en") == engine.transcribe(speech, "en")


def test_it_leaves_the_sound_as_it_was(engine: Transcriber, speech: Pcm) -> None:
    before = speech.copy()
    engine.transcribe(speech, "en")
    assert np.array_equal(speech, before)


def test_a_language_it_does_not_know_is_refused_by_name(engine: Transcriber, speech: Pcm) -> None:
    assert engine.languages == ("en",)
    with pytest.raises(EngineUnavailable, match="understands en, not 'nl'"):
        engine.transcribe(speech, "nl")


@pytest.mark.parametrize("samples", [0, 1, 159, 1600])
def test_very_short_sound_is_no_error(engine: Transcriber, samples: int) -> None:
    assert isinstance(engine.transcribe(np.zeros(samples, np.float32), "en").text, str)


def test_a_view_into_a_larger_array_is_as_good_as_a_copy(engine: Transcriber, speech: Pcm) -> None:
    wide = np.stack([speech, speech], axis=1)
    assert engine.transcribe(wide[:, 0], "en") == engine.transcribe(speech, "en")


def test_warming_up_and_closing_twice_is_harmless() -> None:
    opened = ENGINES.open(AsrConfig(engine="scripted"))
    for _ in range(2):
        opened.warm_up()
    for _ in range(2):
        opened.close()


# --- the engine that wraps two ----------------------------------------------------------------------------------------


class Broken:
    name, device, version, languages, fallbacks, trouble = "broken", "cpu", "1", ("en",), 0, ""

    def __init__(self) -> None:
        self.asked = 0

    def warm_up(self) -> None: ...

    def transcribe(self, pcm: Pcm, language: str, utterance: int = 0) -> Any:
        self.asked += 1
        raise EngineFailed("asr: broken on purpose")

    def close(self) -> None: ...


def a_fallback() -> tuple[Broken, Transcriber]:
    from services.asr.engines.fallback import Fallback

    broken = Broken()
    second = ENGINES.open(AsrConfig(engine="scripted", options=ENGINE_OPTIONS["scripted"]))
    return broken, Fallback([broken, second])


def test_where_the_first_fails_the_second_answers_and_it_is_counted() -> None:
    _, fallback = a_fallback()
    assert fallback.transcribe(np.ones(1600, np.float32), "en").engine == "scripted"
    assert fallback.fallbacks == 1


def test_after_three_failures_in_a_row_the_first_is_asked_no_more() -> None:
    broken, fallback = a_fallback()
    for _ in range(6):
        fallback.transcribe(np.ones(1600, np.float32), "en")
    assert broken.asked == 3
