"""One contract for every engine that speaks."""

import importlib.util
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from services.tts.config import TtsConfig
from services.tts.engines import ENGINES
from services.tts.engines.fallback import Fallback
from services.tts.engines.keeping import packed
from services.tts.engines.tone import Options, Tone
from services.tts.loudness import speech_dbfs
from services.tts.steps import drained
from services.tts.synthesizer import HOST, SELF, Synthesizer, Voice, VoiceSample
from shared.audio import VOICE_HZ
from shared.errors import EngineFailed
from tests.support.tts_visitors import WORDS, visitor_sample

OPENERS: dict[str, Callable[[], Synthesizer]] = {
    "tone": lambda: ENGINES.open(TtsConfig(engine="tone", options={"tone": {"languages": ["en"]}})),
    "piper": lambda: ENGINES.open(TtsConfig(engine="piper")),
    "fallback": lambda: Fallback(Tone(Options(languages=("en",))), Tone(Options(languages=("en",)))),
    "f5": lambda: ENGINES.open(TtsConfig(engine="f5", options={"f5": f5_on_tiny_weights()})),
    "f5, else tone": lambda: ENGINES.open(
        TtsConfig(
            engine="fallback",
            options={
                "fallback": {"order": ["f5", "tone"], "patience_s": 60.0},
                "f5": f5_on_tiny_weights(),
                "tone": {"languages": ["en"]},
            },
        )
    ),
}
HAS_PIPER = importlib.util.find_spec("piper") is not None
HAS_F5 = all(importlib.util.find_spec(name) for name in ("f5_tts", "vocos", "torch", "x_transformers"))
F5_MARKS = [pytest.mark.engine, pytest.mark.skipif(not HAS_F5, reason="f5-tts, vocos, torch, x-transformers")]


def f5_on_tiny_weights() -> dict[str, object]:
    from tests.support.tts_f5 import tiny_options

    return tiny_options()


@pytest.fixture(
    scope="module",
    params=[
        "tone",
        "fallback",
        pytest.param("f5", marks=F5_MARKS),
        pytest.param("f5, else tone", marks=F5_MARKS),
        pytest.param("piper", marks=[pytest.mark.engine, pytest.mark.skipif(not HAS_PIPER, reason="piper-tts")]),
    ],
)
def engine(request: pytest.FixtureRequest) -> Iterator[Synthesizer]:
    engine = OPENERS[request.param]()
    engine.warm_up()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def copy(engine: Synthesizer) -> Voice:
    return drained(engine.make_voice(visitor_sample()))


def spoken(engine: Synthesizer, voice: Voice, text: str = WORDS) -> NDArray[np.float32]:
    return np.concatenate(list(engine.synthesize(text, voice, "en")))


def test_it_says_what_it_is(engine: Synthesizer) -> None:
    about = engine.about()
    assert about.name
    assert "en" in about.languages
    assert not about.is_degraded


def test_voices_are_named(engine: Synthesizer, copy: Voice) -> None:
    assert engine.host.name == HOST
    assert copy.name == SELF


def test_blocks_are_float32_mono_within_full_scale_and_finite(engine: Synthesizer, copy: Voice) -> None:
    for voice in (engine.host, copy):
        for block in engine.synthesize(WORDS, voice, "en"):
            assert block.dtype == np.float32
            assert block.ndim == 1
            assert np.isfinite(block).all()
            assert np.abs(block).max(initial=0.0) < 1.5  # the limiter takes the rest


def test_words_take_about_as_long_as_a_person_needs(engine: Synthesizer, copy: Voice) -> None:
    for voice in (engine.host, copy):
        assert 1.0 < len(spoken(engine, voice)) / VOICE_HZ < 6.0


def test_the_first_block_comes_before_the_whole_is_made(engine: Synthesizer, copy: Voice) -> None:
    blocks = [len(block) for block in engine.synthesize(WORDS, copy, "en")]
    assert blocks[0] <= VOICE_HZ // 2
    assert len(blocks) > 2


def test_the_same_words_give_the_same_samples(engine: Synthesizer, copy: Voice) -> None:
    assert engine.about().is_deterministic
    for voice in (engine.host, copy):
        first = spoken(engine, voice)
        spoken(engine, voice, "Something else in between.")
        assert np.array_equal(first, spoken(engine, voice))


def test_two_clauses_may_be_spoken_by_turns(engine: Synthesizer, copy: Voice) -> None:
    alone = spoken(engine, copy)
    mixed: list[NDArray[np.float32]] = []
    others = engine.synthesize("Wait for me, will you? I am nearly there.", engine.host, "en")
    for block in engine.synthesize(WORDS, copy, "en"):
        mixed.append(block)
        next(others, None)
    assert np.array_equal(np.concatenate(mixed), alone)


def test_host_and_copy_are_not_the_same_voice(engine: Synthesizer, copy: Voice) -> None:
    host, own = spoken(engine, engine.host), spoken(engine, copy)
    n = min(len(host), len(own))
    assert abs(float(np.corrcoef(host[:n], own[:n])[0, 1])) < 0.5


def test_all_voices_are_about_equally_loud(engine: Synthesizer, copy: Voice) -> None:
    levels = [speech_dbfs(spoken(engine, voice)) for voice in (engine.host, copy)]
    assert abs(levels[0] - levels[1]) < 2.0


def test_a_language_it_does_not_speak_is_refused(engine: Synthesizer) -> None:
    with pytest.raises(EngineFailed):
        next(iter(engine.synthesize("Λόγος", engine.host, "el")))


def test_silence_makes_no_voice(engine: Synthesizer) -> None:
    silent = VoiceSample(samples=np.zeros(96_000, dtype=np.float32), text=WORDS)
    with pytest.raises(EngineFailed):
        drained(engine.make_voice(silent))


def test_nearly_no_sample_makes_no_voice_and_no_accident(engine: Synthesizer) -> None:
    for n in (0, 1, 400):
        with pytest.raises(EngineFailed):
            drained(engine.make_voice(VoiceSample(samples=np.zeros(n, dtype=np.float32), text="")))


def test_a_forgotten_voice_cannot_be_spoken_in(engine: Synthesizer) -> None:
    voice = drained(engine.make_voice(visitor_sample()))
    engine.forget(voice)
    engine.forget(voice)
    with pytest.raises(EngineFailed):
        next(iter(engine.synthesize(WORDS, voice, "en")))


def test_a_voice_that_was_kept_gives_the_same_samples(engine: Synthesizer, copy: Voice) -> None:
    kept = engine.keep(copy)
    restored = engine.restore(kept)
    assert restored.name == SELF
    assert np.array_equal(spoken(engine, restored), spoken(engine, copy))
    assert engine.keep(restored) == kept
    assert len(kept) < 2_000_000


def test_what_is_no_kept_voice_is_refused(engine: Synthesizer, copy: Voice) -> None:
    kept = engine.keep(copy)
    for wrong in (
        b"",
        b"no voice",
        kept[: len(kept) // 2],
        packed("another engine", VoiceSample(samples=np.zeros(1, dtype=np.float32), text="")),
    ):
        with pytest.raises(EngineFailed):
            engine.restore(wrong)


def test_a_forgotten_voice_is_not_kept(engine: Synthesizer) -> None:
    voice = engine.restore(engine.keep(drained(engine.make_voice(visitor_sample()))))
    engine.forget(voice)
    assert engine.keep(voice) == b""


def test_it_is_prepared_once(engine: Synthesizer) -> None:
    drained(engine.prepare())
    assert list(engine.prepare()) == []


def test_the_host_is_never_forgotten(engine: Synthesizer) -> None:
    engine.forget(engine.host)
    assert len(spoken(engine, engine.host)) > 0
