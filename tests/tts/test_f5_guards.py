import importlib.util

import numpy as np
import pytest

if not all(importlib.util.find_spec(name) for name in ("f5_tts", "vocos", "torch", "x_transformers")):
    pytest.skip("f5-tts, vocos, torch, x-transformers", allow_module_level=True)

from services.tts.engines.f5.guards import Echo, check_frames, check_sound
from shared.errors import EngineFailed


def tone(seconds: float, level: float = 0.1) -> np.ndarray:
    return (level * np.sin(2 * np.pi * 200 * np.arange(int(seconds * 24_000)) / 24_000)).astype(np.float32)


def speech_like(seed: int, frames: int = 400) -> np.ndarray:
    """Random formants that move as fast as syllables do, log mel, shape (frames, 100)."""
    random = np.random.default_rng(seed)
    corners = random.normal(0.0, 2.0, (frames // 10 + 2, 10))
    at, band = np.arange(frames) / 10.0, np.linspace(0, 9, 100)
    slow = np.stack([np.interp(at, np.arange(len(corners)), column) for column in corners.T], axis=1)
    return np.stack([np.interp(band, np.arange(10), row) for row in slow]).astype(np.float32)


def test_speech_of_the_right_length_passes() -> None:
    check_sound(tone(2.0), 48_000)


@pytest.mark.parametrize(
    ("sound", "complaint"),
    [
        (np.full(48_000, np.nan, dtype=np.float32), "no numbers"),
        (np.zeros(48_000, dtype=np.float32), "silence"),
        (tone(2.0, level=1e-3), "silence"),
        (np.concatenate([np.zeros(40_000, np.float32), tone(0.1)]), "silence"),
        (tone(4.0), "4.0 s of sound for words that take 2.0 s"),
        (np.zeros(0, dtype=np.float32), "silence"),
    ],
)
def test_what_is_no_speech_is_refused(sound: np.ndarray, complaint: str) -> None:
    with pytest.raises(EngineFailed, match=complaint):
        check_sound(sound, 48_000)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_frame_that_is_no_number_is_enough(bad: float) -> None:
    frames = np.zeros((100, 100), dtype=np.float32)
    frames[70, 3] = bad
    with pytest.raises(EngineFailed, match="fp32"):
        check_frames(frames)


@pytest.mark.parametrize("at", [0, 20, 45])
def test_a_stretch_of_the_reference_at_the_beginning_is_heard(at: int) -> None:
    reference, clause = speech_like(1), speech_like(2, 200)
    clause[at : at + 45] = reference[300:345] + np.random.default_rng(0).normal(0, 0.1, (45, 100)).astype(np.float32)
    with pytest.raises(EngineFailed, match="repeats the reference"):
        Echo(reference).check(clause)


def test_other_words_of_the_same_voice_are_not_taken_for_a_copy() -> None:
    Echo(speech_like(1)).check(speech_like(2, 200))


def test_two_silences_are_not_alike() -> None:
    quiet = np.full((200, 100), -11.5, dtype=np.float32)
    Echo(np.concatenate([speech_like(1), quiet])).check(quiet)


def test_nothing_at_all_is_no_copy() -> None:
    Echo(np.zeros((0, 100), dtype=np.float32)).check(speech_like(1))
    Echo(speech_like(1)).check(np.zeros((3, 100), dtype=np.float32))
