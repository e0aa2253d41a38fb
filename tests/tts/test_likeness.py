"""The shaping, on voices made of arithmetic: a spectrum with formants in known places."""

import importlib.util

import numpy as np
import pytest

if importlib.util.find_spec("pyworld") is None:
    pytest.skip("pyworld-prebuilt", allow_module_level=True)

from services.tts.engines.alignment import align, best_warp, both_voiced, match
from services.tts.engines.likeness import MARGIN, likeness
from services.tts.engines.voice_print import TOLD, VoicePrint, cepstra, take_print, warp
from services.tts.engines.world import BINS, HERTZ, Floats, Frames
from services.tts.steps import drained

VOWELS = ((300, 2300), (700, 1200), (350, 800), (500, 1700), (600, 1000))
"""First two formants, Hz."""


def vowel(formants: tuple[int, int], scale: float = 1.0, tilt: float = 0.0) -> Floats:
    """Log power spectrum with peaks at `formants` times `scale`, shape (BINS,)."""
    peaks = sum(4.0 * np.exp(-(((HERTZ - f * scale) / 150.0) ** 2)) for f in (*formants, 2800))
    return np.asarray(peaks - 8.0 - tilt * HERTZ / 1000.0)


def speech(scale: float = 1.0, *, frames_each: int = 40, tilt: float = 0.0, hertz: float = 110.0) -> Frames:
    """All vowels one after another, loudness and pitch swinging a little."""
    rows = np.concatenate([np.tile(vowel(v, scale, tilt), (frames_each, 1)) for v in VOWELS])
    swing = np.sin(np.arange(len(rows)) / 9.0)[:, None]
    pitch = hertz * np.exp(0.1 * swing[:, 0])
    return Frames(pitch, np.exp(rows + 0.3 * swing), np.full_like(rows, 0.1))


def print_of(frames: Frames) -> VoicePrint:
    found = take_print(frames.pitch, frames.envelope)
    assert found is not None
    return found


def test_a_warp_moves_a_peak_and_no_warp_changes_nothing() -> None:
    spectrum = vowel((700, 1200))
    assert HERTZ[int(np.argmax(warp(spectrum, 1.2)))] == pytest.approx(1.2 * HERTZ[int(np.argmax(spectrum))], rel=0.03)
    assert warp(spectrum, 1.0) is spectrum


def test_shapes_do_not_hear_loudness() -> None:
    spectrum = vowel((700, 1200))
    assert np.allclose(cepstra(spectrum), cepstra(spectrum + 3.0), atol=1e-9)


def test_the_same_words_said_slower_are_laid_side_by_side() -> None:
    first, second = print_of(speech()), print_of(speech(frames_each=60))
    pairs = align(first, second)
    assert (np.diff(pairs, axis=0) >= 0).all()
    assert (pairs[:, 0] // 40 == pairs[:, 1] // 60).mean() > 0.9


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.1, 1.2])
def test_formants_are_found_where_the_other_voice_has_them(scale: float) -> None:
    first, second = print_of(speech()), print_of(speech(scale, tilt=0.4))
    pairs = both_voiced(align(first, second), first, second)
    assert best_warp(pairs, first, second) == pytest.approx(scale, abs=0.05)


def test_without_words_frames_are_paired_by_likeness() -> None:
    first, second = print_of(speech()), print_of(speech(1.1))
    pairs = match(first, second)
    same_vowel = pairs[:, 0] // 40 == pairs[:, 1] // 40
    assert same_vowel.mean() > 0.9


@pytest.mark.parametrize("has_words", [True, False])
def test_shaped_frames_lie_nearer_to_the_visitor(has_words: bool) -> None:
    stock, visitor = speech(), speech(1.15, tilt=0.5, hertz=200.0)
    shape = drained(likeness(print_of(stock), print_of(visitor), print_of(stock) if has_words else None, strength=0.7))
    shaped = shape.apply(stock)

    def distance(frames: Frames) -> float:
        rows, wanted = np.log(frames.envelope), np.log(visitor.envelope)
        gap = (rows - rows.mean(axis=1, keepdims=True)) - (wanted - wanted.mean(axis=1, keepdims=True))
        return float(np.sqrt(np.mean(np.square(gap[20:-20] * TOLD))))

    assert distance(shaped) < 0.5 * distance(stock)
    assert np.median(shaped.pitch) == pytest.approx(200.0, rel=0.02)


def test_loudness_stays_frame_by_frame() -> None:
    stock = speech()
    shape = drained(likeness(print_of(stock), print_of(speech(1.1)), None, strength=0.7))
    assert np.allclose(shape.apply(stock).envelope.sum(axis=1), stock.envelope.sum(axis=1))


def test_a_stretch_with_margins_is_shaped_like_the_whole() -> None:
    stock = speech()
    shape = drained(likeness(print_of(stock), print_of(speech(1.1)), None, strength=0.7))
    whole = shape.apply(stock)
    part = shape.apply(Frames(stock.pitch[50:120], stock.envelope[50:120], stock.breath[50:120]))
    assert np.allclose(part.envelope[MARGIN:-MARGIN], whole.envelope[50 + MARGIN : 120 - MARGIN])


def test_where_there_is_no_voice_no_pitch_is_made() -> None:
    stock = speech()
    silent = Frames(np.zeros(50), np.full((50, BINS), 1e-9), np.ones((50, BINS)))
    shape = drained(likeness(print_of(stock), print_of(speech(1.1)), None, strength=0.7))
    assert not shape.apply(silent).pitch.any()


def test_hardly_any_voice_is_no_print() -> None:
    frames = speech(frames_each=5)
    assert take_print(frames.pitch, frames.envelope) is None
