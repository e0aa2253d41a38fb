"""Two transcribers as one: patience, rest and return."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from services.asr.engines.fallback import Fallback, Options, open_engine
from shared.errors import EngineFailed, EngineUnavailable
from tests.support.asr_fake_engine import FakeEngine

SOUND = np.ones(1600, np.float32)


class Clock:
    """Keeps what is to be done later, until it is told that the time has come."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        entry = (seconds, call)
        self.waiting.append(entry)
        return lambda: self.waiting.remove(entry) if entry in self.waiting else None

    def strike(self) -> None:
        [(_, call)] = self.waiting
        self.waiting.clear()
        call()


class Pair:
    def __init__(self) -> None:
        self.first, self.second, self.clock = FakeEngine("first"), FakeEngine("second"), Clock()
        self.both = self.made()

    def made(self, **options: Any) -> Fallback:
        self.both = Fallback([self.first, self.second], Options(**options), later=self.clock)
        return self.both

    def hear(self, language: str = "en") -> str:
        return self.both.transcribe(SOUND, language).engine

    def tired(self) -> None:
        self.first.failure = EngineFailed("out of memory")
        for _ in range(3):
            assert self.hear() == "second"

    def after_the_rest(self) -> None:
        self.clock.strike()
        self.both._thread.submit(lambda: None).result(20)


@pytest.fixture
def pair() -> Iterator[Pair]:
    pair = Pair()
    yield pair
    pair.first.may_answer.set()
    pair.both.close()


def test_while_all_is_well_only_the_first_is_asked(pair: Pair) -> None:
    pair.both.warm_up()
    assert pair.hear() == "first"
    assert pair.second.asked == 0
    assert (pair.both.trouble, pair.both.fallbacks) == ("", 0)


def test_one_failure_is_covered_counted_shown_and_over_with_the_next_success(pair: Pair) -> None:
    pair.first.failure = EngineFailed("out of memory")
    assert pair.hear() == "second"
    assert (pair.both.trouble, pair.both.fallbacks) == ("out of memory", 1)
    pair.first.failure = None
    assert pair.hear() == "first"
    assert (pair.both.trouble, pair.both.fallbacks) == ("", 1)


def test_a_tired_first_rests_and_says_so(pair: Pair) -> None:
    pair.tired()
    assert pair.hear() == "second"
    assert pair.first.asked == 3
    assert pair.both.trouble == "out of memory"
    assert [seconds for seconds, _ in pair.clock.waiting] == [60.0]


def test_after_its_rest_it_warms_up_beside_the_visit_and_answers_again(pair: Pair) -> None:
    pair.tired()
    pair.first.failure = None
    pair.after_the_rest()
    assert pair.first.warmed == 1
    assert pair.hear() == "first"
    assert pair.both.trouble == ""


def test_one_that_does_not_come_back_rests_again(pair: Pair) -> None:
    pair.tired()
    pair.first.is_away = True
    pair.after_the_rest()
    assert pair.hear() == "second"
    assert pair.both.trouble == "first is away"
    pair.first.is_away, pair.first.failure = False, None
    pair.after_the_rest()
    assert pair.hear() == "first"


def test_one_that_is_away_at_the_start_is_awaited(pair: Pair) -> None:
    pair.first.is_away = True
    pair.both.warm_up()
    assert pair.hear() == "second"
    assert pair.both.fallbacks == 1
    pair.first.is_away = False
    pair.after_the_rest()
    assert pair.hear() == "first"


def test_one_that_hangs_is_not_waited_for_and_not_asked_twice(pair: Pair) -> None:
    both = pair.made(patience_s=0.01, bad_turns=100)
    pair.first.may_answer.clear()
    assert [pair.hear(), pair.hear()] == ["second", "second"]
    assert pair.first.asked == 1
    assert "still works on an utterance" in both.trouble
    pair.first.may_answer.set()
    both._thread.submit(lambda: None).result(20)
    assert both._overdue is None  # what it said too late is not kept


def test_the_devices_is_that_of_whoever_would_answer(pair: Pair) -> None:
    pair.first.device = "cuda"
    assert pair.both.device == "cuda"
    pair.tired()
    assert pair.both.device == "cpu"


def test_a_language_that_only_the_second_knows_is_no_fault_of_the_first(pair: Pair) -> None:
    pair.second.languages = ("en", "nl")
    assert [pair.hear("nl") for _ in range(4)] == ["second"] * 4
    assert pair.hear("en") == "first"
    assert (pair.both.trouble, pair.both.fallbacks) == ("", 0)


def test_without_a_second_the_mirror_opens_and_says_so(pair: Pair) -> None:
    pair.second.is_away = True
    pair.both.warm_up()
    assert pair.hear() == "first"
    assert pair.both.trouble == "second is away"


def test_without_both_it_does_not_open(pair: Pair) -> None:
    pair.first.is_away = pair.second.is_away = True
    with pytest.raises(EngineUnavailable, match="first is away; second is away"):
        pair.both.warm_up()


def test_one_whose_package_is_missing_is_left_out_for_good() -> None:
    def others(name: str) -> FakeEngine:
        if name == "faster_whisper":
            raise EngineUnavailable("no package faster_whisper")
        return FakeEngine(name)

    both = open_engine(Options(order=("faster_whisper", "moonshine")), others)
    both.warm_up()
    assert both.transcribe(SOUND, "en").engine == "moonshine"
    assert (both.trouble, both.fallbacks) == ("no package faster_whisper", 1)
    both.close()


def test_closing_calls_off_the_return(pair: Pair) -> None:
    pair.tired()
    pair.both.close()
    assert pair.clock.waiting == []
    assert (pair.first.closed, pair.second.closed) == (1, 1)
