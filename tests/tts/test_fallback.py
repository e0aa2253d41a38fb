from collections.abc import Generator, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from services.tts.config import TtsConfig
from services.tts.engines import ENGINES
from services.tts.engines.fallback import Fallback
from services.tts.engines.tone import Options, Tone
from services.tts.steps import drained
from services.tts.synthesizer import About, Voice, VoiceSample
from shared.errors import ConfigError, EngineFailed, EngineUnavailable


class First(Tone):
    """The engine that should speak, with faults."""

    def __init__(self, *, is_away: bool = False, has_no_copy: bool = False) -> None:
        super().__init__(Options(languages=("en",), syllable_s=0.1))
        self.is_failing = False
        self._is_away, self._has_no_copy = is_away, has_no_copy

    def about(self) -> About:
        return About(name="first", languages=("en",), is_deterministic=True)

    def warm_up(self) -> None:
        if self._is_away:
            raise EngineUnavailable("first: no device")

    def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
        if self._has_no_copy:
            raise EngineFailed("first: no copy")
        return (yield from super().make_voice(sample))

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        if self.is_failing:
            raise EngineFailed("first: broken")
        return super().synthesize(text, voice, language)


def opened(first: First) -> Fallback:
    engine = Fallback(first, Tone(Options()))
    engine.warm_up()
    return engine


def hum() -> VoiceSample:
    at = np.arange(96_000) / 16_000
    return VoiceSample(samples=np.sin(2 * np.pi * 120 * at).astype(np.float32), text="")


def test_the_first_speaks_while_it_can() -> None:
    engine = opened(First())
    assert len(list(engine.synthesize("hello there", engine.host, "en"))) > 0
    about = engine.about()
    assert (about.name, about.is_degraded, about.fallbacks) == ("first", False, 0)


def test_a_switch_is_counted_shown_and_taken_back() -> None:
    first = First()
    engine = opened(first)
    first.is_failing = True
    assert len(list(engine.synthesize("hello there", engine.host, "en"))) > 0
    about = engine.about()
    assert (about.name, about.is_degraded, about.fallbacks) == ("tone", True, 1)
    assert about.last_error == "first: broken"
    first.is_failing = False
    list(engine.synthesize("hello there", engine.host, "en"))
    assert not engine.about().is_degraded


def test_an_engine_that_is_away_at_the_start_is_done_without() -> None:
    engine = opened(First(is_away=True))
    assert engine.about().is_degraded
    assert len(list(engine.synthesize("hello there", engine.host, "en"))) > 0


def test_with_both_away_there_is_no_engine() -> None:
    with pytest.raises(EngineUnavailable, match="neither"):
        Fallback(First(is_away=True), First(is_away=True)).warm_up()


def test_the_copy_is_made_in_both_so_that_a_switch_does_not_change_who_speaks() -> None:
    first = First()
    engine = opened(first)
    copy = drained(engine.make_voice(hum()))
    before = np.concatenate(list(engine.synthesize("hello there", copy, "en")))
    first.is_failing = True
    after = np.concatenate(list(engine.synthesize("hello there", copy, "en")))
    for sound in (before, after):
        hertz = np.fft.rfftfreq(len(sound), 1 / 24_000)[int(np.argmax(np.abs(np.fft.rfft(sound))))]
        assert hertz == pytest.approx(120, abs=10)


def test_a_copy_one_engine_cannot_make_is_spoken_by_the_other() -> None:
    engine = opened(First(has_no_copy=True))
    copy = drained(engine.make_voice(hum()))
    assert len(list(engine.synthesize("hello there", copy, "en"))) > 0
    assert engine.about().name == "tone"


def test_the_second_speaks_a_language_the_first_does_not() -> None:
    engine = opened(First())
    assert len(list(engine.synthesize("hallo", engine.host, "nl"))) > 0


def test_an_order_of_one_engine_is_refused() -> None:
    for order in (["tone", "tone"], ["fallback", "tone"]):
        with pytest.raises(ConfigError, match="order"):
            ENGINES.open(TtsConfig(engine="fallback", options={"fallback": {"order": order}}))
