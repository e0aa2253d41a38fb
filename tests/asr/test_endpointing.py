"""When a turn is over."""

import pytest

from services.asr.endpointing import (
    CHECK_EVERY_S,
    PATIENCE,
    Patience,
    is_check_due,
    is_over,
    patience_for,
    threshold,
)

KINDS = sorted(PATIENCE)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_ends_before_the_shortest_silence_however_sure_the_model_is(kind: str) -> None:
    patience = PATIENCE[kind]
    assert not is_over(patience, patience.min_s - 0.01, [1.0])


@pytest.mark.parametrize("kind", KINDS)
def test_everything_ends_at_the_longest_silence_however_unsure_the_model_is(kind: str) -> None:
    patience = PATIENCE[kind]
    assert is_over(patience, patience.max_s, [0.0])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_asked_for_only_falls_as_the_silence_grows(kind: str) -> None:
    patience = PATIENCE[kind]
    asked = [threshold(patience, n * 0.032) for n in range(60)]
    assert asked == sorted(asked, reverse=True)


def test_a_yes_is_waited_for_less_than_a_story() -> None:
    assert PATIENCE["yes_no"].max_s < PATIENCE["open"].max_s < PATIENCE["story"].max_s


def test_one_sure_answer_among_doubtful_ones_does_not_end_the_turn() -> None:
    assert not is_over(PATIENCE["open"], 0.32, [0.5, 0.98])
    assert is_over(PATIENCE["open"], 0.32, [0.96, 0.98])


def test_the_model_is_asked_first_at_the_shortest_silence_then_at_intervals_and_not_at_the_longest() -> None:
    patience = Patience(0.192, 0.5)
    assert not is_check_due(patience, 0.16, None)
    assert is_check_due(patience, 0.192, None)
    assert not is_check_due(patience, 0.224, 0.192)
    assert is_check_due(patience, 0.192 + CHECK_EVERY_S, 0.192)
    assert not is_check_due(patience, 0.5, 0.192)


def test_the_longer_a_turn_the_shorter_the_silence_that_ends_it() -> None:
    waits = [patience_for(PATIENCE, "story", seconds).max_s for seconds in (3.0, 13.0, 18.0)]
    assert waits == sorted(waits, reverse=True)
    assert len(set(waits)) == 3


def test_a_kind_of_answer_nobody_knows_counts_as_open() -> None:
    assert patience_for(PATIENCE, "riddle", 1.0) == PATIENCE["open"]
