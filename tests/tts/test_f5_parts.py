"""What F5 needs besides a network: pace, spelling, cuts."""

import importlib.util

import numpy as np
import pytest

if not all(importlib.util.find_spec(name) for name in ("f5_tts", "vocos", "torch", "x_transformers")):
    pytest.skip("f5-tts, vocos, torch, x-transformers", allow_module_level=True)

from services.tts.engines.f5.pacing import FIRST, pace_of, pieces, seconds_for
from services.tts.engines.f5.spelling import spelled
from services.tts.engines.f5.word_cut import WordEnd, best_cut

LONG = (
    "You spoke of the sea, and of your father's boat; then you were silent for a while, as if you were listening: what did "
    "you hear?"
)


def test_one_word_is_not_slowed_down() -> None:
    # The package speaks texts under 10 bytes at 0.3 of the speed: 2.9 s for "Hi there."
    assert seconds_for("Yes.", 14.0) == 0.8
    assert seconds_for("Hi there.", 14.0) < 1.0


def test_words_take_their_length_at_the_visitors_pace() -> None:
    assert seconds_for("x" * 60, 15.0) == pytest.approx(4.15)


def test_a_pace_nobody_is_understood_at_is_not_copied() -> None:
    assert pace_of("x" * 300, 6.0) == 17.0
    assert pace_of("x" * 12, 6.0) == 11.0
    assert pace_of("x" * 84, 6.0) == 14.0


def test_pauses_and_accents_in_the_sample_count_as_characters_not_bytes() -> None:
    assert pace_of("\u00e9" * 60, 4.0) == pace_of("e" * 60, 4.0)


@pytest.mark.parametrize(
    "text", [LONG, "Yes, I do remember what you told me, all of it.", "No, no, no, no, no, no, no, it is me."]
)
def test_the_first_piece_is_short_enough_to_come_early_and_long_enough_to_keep_its_words(text: str) -> None:
    first, *rest = pieces(text)
    assert FIRST[0] <= len(first.encode()) <= FIRST[1]
    assert " ".join([first, *rest]) == text
    assert all(len(piece.encode()) >= 10 for piece in rest)


@pytest.mark.parametrize(
    "text",
    ["Yes.", "Yes, me.", "I have waited for you in this dark glass for longer than you have lived", "One, two."],
)
def test_what_has_no_breath_in_the_right_place_is_one_piece(text: str) -> None:
    assert pieces(text) == (text,)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Na\u00efve caf\u00e9", "Naive cafe."),  # the tokeniser hears "na\u00ef ve"
        ("STOP it, said the TV", "stop it, said the TV."),
        ("You & 3 of 21 people", "You and three of twenty one people."),
        ("In 1,999 days", "In one thousand nine hundred ninety nine days."),
        ("Call 007", "Call zero zero seven."),
        ("  two\n lines ", "two lines."),
        ("Really?", "Really?"),
        ("", ""),
    ],
)
def test_text_is_written_as_the_model_learned_it(text: str, wanted: str) -> None:
    assert spelled(text, "en") == wanted


def test_another_language_is_not_respelled() -> None:
    assert spelled("Caf\u00e9 24", "nl") == "Caf\u00e9 24."


WORDS = ["Here", "I", "stand.", "And", "you,", "who", "are", "you", "then"]


def speech(pauses: list[float], seconds: float = 8.0) -> np.ndarray:
    """Noise with a pause of 0.1 s around each of these moments, 16 kHz."""
    sound = np.random.default_rng(0).normal(0, 0.1, int(seconds * 16_000)).astype(np.float32)
    for at in pauses:
        sound[int((at - 0.05) * 16_000) : int((at + 0.05) * 16_000)] = 0.0
    return sound


def test_a_sample_is_cut_where_a_word_ends_in_quiet() -> None:
    ends = [WordEnd(4, 4.2), WordEnd(5, 5.0), WordEnd(6, 5.6)]
    words, at = best_cut(speech([5.03]), 16_000, WORDS, ends, (4.0, 6.0)) or (0, 0)
    assert words == 5
    assert at / 16_000 == pytest.approx(5.03, abs=0.06)


def test_a_sentences_end_is_worth_some_quiet() -> None:
    words, _ = best_cut(speech([4.5, 5.0]), 16_000, WORDS, [WordEnd(3, 4.5), WordEnd(5, 5.0)], (4.0, 6.0)) or (0, 0)
    assert words == 3


def test_an_end_is_not_looked_for_beyond_its_neighbours() -> None:
    ends = [WordEnd(4, 4.90), WordEnd(5, 5.0)]  # the pause lies before the short word
    words, at = best_cut(speech([4.89]), 16_000, WORDS, ends, (4.0, 6.0)) or (0, 0)
    assert words == 4
    assert at / 16_000 < 4.95


def test_without_a_trustworthy_end_nothing_is_cut() -> None:
    assert best_cut(speech([]), 16_000, WORDS, [WordEnd(2, 2.0), WordEnd(9, 7.5)], (4.0, 6.0)) is None
    assert best_cut(speech([5.0]), 16_000, WORDS, [WordEnd(1, 5.0)], (4.0, 6.0)) is None  # one word in 5 of 8 s
