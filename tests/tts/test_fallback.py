from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from services.tts.config import TtsConfig
from services.tts.engines import ENGINES
from services.tts.engines.fallback import USUAL, Fallback, VoicePair, open_engine
from services.tts.engines.fallback import Options as FallbackOptions
from services.tts.engines.tone import Options, Tone
from services.tts.steps import drained
from services.tts.synthesizer import About, Synthesizer, Voice, VoiceSample
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


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


class Slow(First):
    """Takes three looks, each of a second, before it has any sound."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.look_s = 1.0
        self.looks = 0
        self._clock = clock

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        for _ in range(3):
            self._clock.s += self.look_s
            self.looks += 1
            yield np.zeros(0, dtype=np.float32)
        yield from super().synthesize(text, voice, language)


class Halting(First):
    """Fails after its first sound."""

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        yield next(super().synthesize(text, voice, language))
        raise EngineFailed("first: broken in mid-word")


def opened(first: First, clock: Clock | None = None) -> Fallback:
    engine = Fallback(first, Tone(Options()), now=clock or Clock())
    engine.warm_up()
    return engine


def said(engine: Fallback, language: str = "en") -> int:
    return sum(len(block) for block in engine.synthesize("hello there", engine.host, language))


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


def test_half_a_pair_is_half_again() -> None:
    half = opened(First(has_no_copy=True))
    kept = half.keep(drained(half.make_voice(hum())))
    restored = opened(First()).restore(kept)
    assert isinstance(restored, VoicePair)
    assert [one is None for one in restored.voices] == [True, False]


def test_what_the_engine_that_is_away_kept_costs_the_other_nothing() -> None:
    whole = opened(First())
    kept = whole.keep(drained(whole.make_voice(hum())))
    restored = opened(First(is_away=True)).restore(kept)
    assert isinstance(restored, VoicePair)
    assert [one is None for one in restored.voices] == [True, False]


def test_both_are_prepared() -> None:
    class Preparing(First):
        def prepare(self) -> Generator[None, None, None]:
            prepared.append(self)
            yield

    prepared: list[First] = []
    pair = Preparing(), Preparing()
    engine = Fallback(*pair)
    engine.warm_up()
    drained(engine.prepare())
    assert prepared == [*pair]


def test_the_second_speaks_a_language_the_first_does_not() -> None:
    engine = opened(First())
    assert len(list(engine.synthesize("hallo", engine.host, "nl"))) > 0


def test_an_order_of_one_engine_is_refused() -> None:
    for order in (["tone", "tone"], ["fallback", "tone"]):
        with pytest.raises(ConfigError, match="order"):
            ENGINES.open(TtsConfig(engine="fallback", options={"fallback": {"order": order}}))


def test_after_two_failures_in_a_row_the_first_rests_and_is_not_asked() -> None:
    clock, first = Clock(), First()
    engine = opened(first, clock)
    first.is_failing = True
    for _ in range(USUAL.bad_clauses):
        assert said(engine)
    failures = engine.about().fallbacks
    first.is_failing = False
    assert said(engine)
    assert (engine.about().name, engine.about().fallbacks) == ("tone", failures)


def test_after_its_rest_the_first_speaks_again() -> None:
    clock, first = Clock(), First()
    engine = opened(first, clock)
    first.is_failing = True
    for _ in range(USUAL.bad_clauses):
        said(engine)
    first.is_failing = False
    clock.s += USUAL.rest_s
    assert said(engine)
    about = engine.about()
    assert (about.name, about.is_degraded) == ("first", False)


def test_one_more_failure_after_a_rest_is_enough_for_the_next() -> None:
    clock, first = Clock(), First()
    engine = opened(first, clock)
    first.is_failing = True
    for _ in range(USUAL.bad_clauses):
        said(engine)
    clock.s += USUAL.rest_s
    said(engine)
    failures = engine.about().fallbacks
    said(engine)
    assert engine.about().fallbacks == failures


def test_a_good_clause_between_two_bad_ones_is_no_reason_to_rest() -> None:
    first = First()
    engine = opened(first)
    for is_failing in (True, False, True, False):
        first.is_failing = is_failing
        said(engine)
    assert engine.about().name == "first"


def test_a_first_that_is_too_slow_is_stopped_between_two_looks() -> None:
    clock = Clock()
    first = Slow(clock)
    engine = opened(first, clock)
    assert said(engine)
    assert first.looks == 2
    assert "no sound after 2.0 s" in engine.about().last_error


def test_time_in_which_other_speech_goes_first_is_not_the_engines() -> None:
    clock = Clock()
    first = Slow(clock)
    first.look_s = 0.1
    engine = opened(first, clock)
    for _ in engine.synthesize("hello there", engine.host, "en"):
        clock.s += 10.0
    assert engine.about().name == "first"


def test_nobody_changes_voice_within_a_word() -> None:
    engine = opened(Halting())
    with pytest.raises(EngineFailed, match="mid-word"):
        said(engine)
    assert engine.about().fallbacks == 1


def test_a_language_the_first_never_spoke_is_no_failure_of_it() -> None:
    engine = opened(First())
    assert said(engine, "nl")
    assert not engine.about().is_degraded
    assert engine.about().fallbacks == 0


def test_a_first_whose_weights_are_missing_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    engine = ENGINES.open(TtsConfig(engine="fallback", options={"fallback": {"order": ["f5", "tone"]}}))
    engine.warm_up()
    about = engine.about()
    assert (about.name, about.is_degraded) == ("tone", True)
    assert "f5" in about.last_error
    assert sum(len(block) for block in engine.synthesize("hello there", engine.host, "en"))


def test_a_first_that_cannot_even_be_opened_is_done_without() -> None:
    def opener(name: str) -> Synthesizer:
        if name == "f5":
            raise EngineUnavailable("f5 needs a package")
        return Tone(Options())

    engine = open_engine(FallbackOptions(order=("f5", "tone")), opener)
    engine.warm_up()
    assert engine.about().is_degraded
    assert engine.about().last_error == "f5 needs a package"
    assert sum(len(block) for block in engine.synthesize("hello there", engine.host, "en"))
