"""The stock voice reads along, so that a visitor's sample is cut behind a word. Real voices, real recordings."""

import importlib.util

import numpy as np
import pytest

if not all(importlib.util.find_spec(name) for name in ("f5_tts", "vocos", "torch", "x_transformers", "piper")):
    pytest.skip("f5-tts, vocos, torch, x-transformers, piper-tts", allow_module_level=True)

from services.tts.engines.f5.read_along import ReadAlong
from services.tts.engines.f5.reference import PAUSE_S, Reference, reference
from services.tts.engines.heard import Hearing, open_hearing
from services.tts.engines.piper_net import PiperNet
from services.tts.steps import drained
from services.tts.synthesizer import VoiceSample
from tests.support.tts_visitors import RAINBOW, recording, visitor_sample

pytestmark = pytest.mark.engine

BETWEEN_S = (4.0, 6.0)


@pytest.fixture(scope="module")
def ruler() -> ReadAlong:
    return ReadAlong(PiperNet(0.667, 0.8))


@pytest.fixture(scope="module")
def hearing() -> Hearing:
    hearing = open_hearing()
    if hearing is None:
        pytest.skip("moonshine-voice")
    return hearing


def cut(sample: VoiceSample, ruler: ReadAlong) -> Reference:
    return drained(reference(sample, ruler.word_ends, BETWEEN_S, "en"))


def bare(text: str) -> list[str]:
    return ["".join(sign for sign in word.lower() if sign.isalnum()) for word in text.split()]


@pytest.mark.parametrize("name", ["terse/rainbow.flac", "talkative/leisure.flac"])
def test_a_long_sample_is_cut_behind_the_last_word_that_its_text_keeps(
    ruler: ReadAlong, hearing: Hearing, name: str
) -> None:
    samples = recording(name)[: 9 * 16_000]
    text = hearing.words_16(samples)
    found = cut(VoiceSample(samples=samples, text=text), ruler)
    assert BETWEEN_S[0] <= found.speech_s <= BETWEEN_S[1]
    assert text.lower().startswith(found.text.strip(" .").lower())
    assert bare(hearing.words(found.sound))[-2:] == bare(found.text)[-2:]


def test_a_sample_short_enough_is_kept_whole(ruler: ReadAlong) -> None:
    short = VoiceSample(samples=visitor_sample().samples[: 5 * 16_000], text=" ".join(RAINBOW.split()[:16]))
    found = cut(short, ruler)
    assert (
        found.text == "The difference in the rainbow depends considerably upon the size of the drops, and the width. "
    )
    assert len(found.sound) / 24_000 == pytest.approx(found.speech_s + PAUSE_S, abs=0.01)


def test_words_that_are_not_the_samples_cut_nothing_in_two(ruler: ReadAlong) -> None:
    wrong = "I never said that I would come back to this house, and I will not open that door again for anybody at all."
    found = cut(VoiceSample(samples=visitor_sample().samples, text=wrong), ruler)
    assert np.isfinite(found.sound).all()
    assert wrong.startswith(found.text.strip(" .")[:20])
