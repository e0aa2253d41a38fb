"""Partial transcripts that take nothing back."""

from hypothesis import given
from hypothesis import strategies as st

from services.asr.partials import Agreement, agree, loops, words


def after(*texts: str) -> Agreement:
    agreement = Agreement()
    for text in texts:
        agreement = agree(agreement, text)
    return agreement


def test_one_decode_alone_is_not_stable() -> None:
    assert after("And Mr.").stable == ()


def test_words_two_decodes_agree_on_are_stable_whatever_their_case_and_commas() -> None:
    agreement = after("And mr. john Dan,", "And Mr. John Dashwood had")
    assert agreement.stable == ("And", "Mr.", "John")
    assert agreement.tail == ("Dashwood", "had")


def test_a_decode_that_loops_changes_nothing() -> None:
    before = after("it was the age", "it was the age of")
    assert agree(before, "it was the age of wisdom it was the age of wisdom") == before


def test_an_empty_decode_changes_nothing() -> None:
    before = after("hello there", "hello there you")
    assert agree(before, "  ") == before


@given(st.lists(st.text("ab ", max_size=12), max_size=8))
def test_stable_words_are_never_fewer_than_before(texts: list[str]) -> None:
    agreement = Agreement()
    for text in texts:
        grown = agree(agreement, text)
        assert len(grown.stable) >= len(agreement.stable)
        agreement = grown


def test_a_loop_is_its_last_three_words_said_before() -> None:
    assert loops("the age of wisdom the age of wisdom")
    assert not loops("the age of wisdom it was the age of foolishness")
    assert not loops("no no")


def test_words_compare_without_case_and_punctuation() -> None:
    assert words("I'll — swear, I know NOT!") == ("i'll", "swear", "i", "know", "not")
