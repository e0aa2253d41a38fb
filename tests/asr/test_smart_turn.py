"""The turn model's features, and the model on a human voice."""

from pathlib import Path

import numpy as np
import pytest

from services.asr.smart_turn import HOP, N_FFT, N_FRAMES, N_MELS, WINDOW, SmartTurn, features
from services.asr.trial import read_sound
from shared.errors import EngineUnavailable

CLIP = Path(__file__).parents[1] / "visitors" / "overtalking" / "foolishness.flac"
NOISE = np.random.default_rng(3).normal(scale=0.1, size=3 * 16_000).astype(np.float32)


def test_features_have_the_shape_the_model_wants_whatever_the_length() -> None:
    for samples in (0, 1, 1600, WINDOW, WINDOW + 12_345):
        made = features(np.resize(NOISE, samples))
        assert made.shape == (N_MELS, N_FRAMES)
        assert made.dtype == np.float32
        assert np.isfinite(made).all()


def test_loudness_does_not_matter() -> None:
    assert np.allclose(features(NOISE), features(0.3 * NOISE), atol=1e-3)


def test_the_silence_is_put_in_front() -> None:
    made = features(NOISE)
    first_sound = N_FRAMES - NOISE.size // HOP
    assert made[:, : first_sound - 3].max() < made[:, first_sound + 3 :].min() + 2.0
    assert made[:, first_sound + 3 :].mean() > made[:, : first_sound - 3].mean() + 0.5


def test_only_the_last_eight_seconds_count() -> None:
    long = np.concatenate([10 * NOISE, np.resize(NOISE, WINDOW)])
    assert np.array_equal(features(long), features(np.resize(NOISE, WINDOW)))


def test_a_tone_lies_in_its_mel_band() -> None:
    t = np.arange(WINDOW) / 16_000
    # 1 kHz is Slaney mel 15, of 45.245 at 8 kHz in 81 steps: band 15 / 0.5586 - 1.
    loudest = features(np.sin(2 * np.pi * 1000 * t).astype(np.float32)).mean(axis=1).argmax()
    assert abs(int(loudest) - 26) <= 1
    assert N_FFT == 400


def test_a_missing_model_file_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="mirror models pull"):
        SmartTurn()


def test_a_broken_model_file_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    (tmp_path / "smart-turn-v3.2-cpu.onnx").write_bytes(b"not a model")
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="mirror models pull"):
        SmartTurn()


@pytest.mark.engine
def test_a_whole_sentence_is_complete_and_half_of_it_is_not() -> None:
    pytest.importorskip("onnxruntime")
    try:
        model = SmartTurn()
    except EngineUnavailable as error:
        pytest.skip(str(error))
    sound = read_sound(str(CLIP))  # "Why, [0.9 to 1.3 s] it might have been in the workhouse. [3.0 s]"
    assert model.p_complete(sound[: int(1.15 * 16_000)]) < 0.5
    assert model.p_complete(sound[: int(3.3 * 16_000)]) > 0.5
