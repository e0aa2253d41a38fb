import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tts.loudness import TARGET_DBFS, Edges, gain_to_target, limited, silence, speech_dbfs
from shared.audio import VOICE_HZ


def hum(seconds: float, amplitude: float = 0.2) -> np.ndarray:
    at = np.arange(int(seconds * VOICE_HZ)) / VOICE_HZ
    return (amplitude * np.sin(2 * np.pi * 150 * at)).astype(np.float32)


def trimmed(sound: np.ndarray, block: int = 5_000) -> np.ndarray:
    edges = Edges()
    parts = [edges.push(sound[i : i + block]) for i in range(0, len(sound), block)]
    return np.concatenate([*parts, edges.finish()])


def test_silence_before_speech_is_cut_to_less_than_40_ms() -> None:
    spoken = trimmed(np.concatenate([silence(300), hum(0.5)]))
    assert np.flatnonzero(np.abs(spoken) > 0.01)[0] < 0.04 * VOICE_HZ


def test_silence_after_speech_is_cut_to_a_short_tail() -> None:
    spoken = trimmed(np.concatenate([hum(0.5), silence(400)]))
    assert 0.5 * VOICE_HZ <= len(spoken) <= 0.56 * VOICE_HZ


def test_a_pause_within_a_clause_stays_as_long_as_it_was() -> None:
    spoken = trimmed(np.concatenate([hum(0.3), silence(250), hum(0.3)]))
    assert len(spoken) >= 0.85 * VOICE_HZ


def test_a_clause_begins_and_ends_at_zero() -> None:
    spoken = trimmed(np.full(VOICE_HZ, 0.3, dtype=np.float32))
    assert spoken[0] == 0.0
    assert abs(spoken[-1]) < 1e-6


def test_faded_edges_have_no_jump_that_clicks() -> None:
    spoken = trimmed(np.concatenate([silence(100), hum(0.4), silence(100)]))
    around = np.concatenate([[0.0], spoken, [0.0]])
    inner = np.abs(np.diff(hum(0.4))).max()
    assert np.abs(np.diff(around)).max() <= inner * 1.05


@given(st.integers(50, 9_000))
def test_the_sound_between_the_edges_is_not_touched(block: int) -> None:
    sound = np.concatenate([silence(100), hum(0.4), silence(100)])
    spoken = trimmed(sound, block)
    middle = hum(0.4)[1_000:8_000]
    start = int(np.argmax(np.correlate(spoken, middle, mode="valid")))
    assert np.allclose(spoken[start : start + len(middle)], middle, atol=1e-6)


def test_nothing_but_silence_becomes_nothing() -> None:
    assert len(trimmed(silence(500))) == 0


def test_gain_brings_soft_and_loud_speech_to_one_loudness() -> None:
    for amplitude in (0.02, 0.2, 0.9):
        sound = np.concatenate([silence(500), hum(1.0, amplitude)])
        assert speech_dbfs(sound * np.float32(gain_to_target(sound))) == pytest.approx(TARGET_DBFS, abs=0.1)


def test_silence_asks_for_no_gain() -> None:
    assert gain_to_target(silence(100)) == 1.0


def test_the_limiter_never_reaches_full_scale_and_leaves_soft_sound_alone() -> None:
    loud = limited(hum(0.1, 3.0))
    assert np.abs(loud).max() <= 1.0
    soft = hum(0.1, 0.6)
    assert limited(soft) is soft


def test_the_limiter_bends_without_a_corner() -> None:
    rising = np.linspace(0.0, 2.0, 2_001, dtype=np.float32)
    slope = np.diff(limited(rising))
    assert (slope >= 0.0).all()
    assert np.abs(np.diff(slope)).max() < 2e-5
