"""Guards against words nobody said."""

import msgspec
import pytest

from services.asr.invented import Evidence, compression, doubt

CLEAR = Evidence(speech_s=2.0, span_s=2.2, mean_p=0.95)
THIN = Evidence(speech_s=0.25, span_s=0.3, mean_p=0.9)
UNSURE = Evidence(speech_s=1.0, span_s=1.2, mean_p=0.65)


def test_words_said_clearly_are_believed() -> None:
    assert doubt("I was born by the sea.", CLEAR) == ""


@pytest.mark.parametrize("text", ["", " ", ".", "...", "—", "'"])
def test_no_words_are_no_words(text: str) -> None:
    assert doubt(text, CLEAR) == "no_words"


@pytest.mark.parametrize("text", ["You", "you.", "Thank you.", "Thanks for watching!"])
def test_what_models_make_of_silence_is_not_believed_on_thin_evidence(text: str) -> None:
    assert doubt(text, THIN) == "invented"
    assert doubt(text, UNSURE) == "invented"
    assert doubt(text, CLEAR) == ""


@pytest.mark.parametrize("text", ["Yes.", "No.", "Okay.", "Me."])
def test_a_short_answer_is_believed(text: str) -> None:
    assert doubt(text, THIN) == ""


def test_more_words_than_a_mouth_can_say_are_invented() -> None:
    assert doubt("one two three four five six seven eight nine ten", THIN) == "invented"


@pytest.mark.parametrize("text", ["ha ha ha ha ha ha", "go on go on go on go on", "and so. " * 8])
def test_a_chant_is_invented(text: str) -> None:
    assert doubt(text, CLEAR) == "invented"


def test_somebody_may_say_no_three_times() -> None:
    assert doubt("No, no, no.", CLEAR) == ""


def test_sound_that_hardly_is_speech_is_noise() -> None:
    assert doubt("and then there were none", Evidence(speech_s=2.0, span_s=2.0, mean_p=0.45)) == "noise"


def test_the_engines_own_doubt_counts_where_little_of_it_was_speech() -> None:
    sparse = Evidence(speech_s=0.6, span_s=3.0, mean_p=0.9, no_speech=0.8)
    assert doubt("well then", sparse) == "noise"


NOBODY = Evidence(speech_s=2.0, span_s=2.2, mean_p=0.95, no_speech=0.9, confidence=0.45)


def test_an_unsure_text_where_the_engine_hears_nobody_is_noise() -> None:
    assert doubt("beep beep beep beep", NOBODY) == "noise"
    assert doubt("you", NOBODY) == "invented"


@pytest.mark.parametrize(
    "change", [{"no_speech": 0.3}, {"confidence": 0.9}, {"confidence": 0.0}], ids=["somebody", "sure", "does not say"]
)
def test_either_doubt_alone_takes_nobodys_word_away(change: dict[str, float]) -> None:
    assert doubt("I was born by the sea.", msgspec.structs.replace(NOBODY, **change)) == ""


def test_a_text_that_goes_in_circles_of_any_length_is_invented() -> None:
    circle = "and then we walked along the river until it was dark. "
    assert compression(circle) < 2.4 < compression(circle * 4)
    assert doubt(circle * 4, Evidence(speech_s=20.0, span_s=22.0, mean_p=0.95)) == "invented"
    assert compression("") == 0.0
