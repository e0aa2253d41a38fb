"""Which pictures of a live stream are of this moment: pure."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.faceswap.sources.meter import Meter
from services.faceswap.sources.pace import LATE_S, NEW_NORMAL_S, Pace, judge

FRAME_S = 1 / 24


def shown(pictures: list[tuple[float, float]]) -> list[float]:
    """`taken` of those that were fresh."""
    pace, fresh = Pace(), []
    for taken, at in pictures:
        pace = judge(pace, taken, at)
        if pace.is_fresh:
            fresh.append(taken)
    return fresh


def steady(count: int, *, taken: float = 0.0, at: float = 100.0, rate: float = 1.0) -> list[tuple[float, float]]:
    return [(taken + n * FRAME_S, at + n * FRAME_S / rate) for n in range(count)]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0.0, LATE_S * 0.9), min_size=2, max_size=200))
def test_a_stream_with_an_uneven_network_is_shown_whole(delays: list[float]) -> None:
    at, pictures = 0.0, []
    for number, delay in enumerate(delays):
        at = max(at, 50.0 + number * FRAME_S + delay)
        pictures.append((number * FRAME_S, at))
    assert len(shown(pictures)) == len(pictures)


def test_of_a_backlog_only_its_end_is_shown() -> None:
    before = steady(48)
    stalled = [(taken, 104.0 + n * 0.001) for n, (taken, _) in enumerate(steady(49, taken=2.0))]
    after = steady(48, taken=4.0 + FRAME_S, at=104.0 + FRAME_S)
    fresh = shown(before + stalled + after)
    assert [taken for taken in fresh if 2.0 <= taken < 4.0 - LATE_S - 0.05] == []
    assert [taken for taken in fresh if taken > 4.0] == [taken for taken, _ in after]


def test_a_backlog_that_is_worked_off_at_double_speed_is_not_shown_racing() -> None:
    fresh = shown(steady(24) + steady(96, taken=1.0, at=103.0, rate=2.0))
    assert [taken for taken in fresh if 1.0 <= taken < 3.0 - LATE_S] == [], (
        "2 s late at first, gaining one second a second"
    )
    assert fresh[-1] > 4.9


def test_a_sender_whose_clock_jumps_back_is_shown_again_after_half_a_second() -> None:
    fresh = shown(steady(48, taken=1000.0) + steady(48, taken=5.0, at=102.0))
    again = [taken for taken in fresh if taken < 100.0]
    assert again[0] <= 5.0 + NEW_NORMAL_S + 2 * FRAME_S
    assert len(again) == 48 - round((again[0] - 5.0) / FRAME_S)


def test_a_sender_whose_clock_jumps_ahead_is_shown_on() -> None:
    assert len(shown(steady(48) + steady(48, taken=3600.0, at=102.0))) == 96


@settings(deadline=None, max_examples=30)
@given(st.floats(-0.0015, 0.0015))
def test_two_clocks_that_drift_apart_are_not_taken_for_lateness(skew: float) -> None:
    hour = [(n * 0.5, 10.0 + n * 0.5 * (1 + skew)) for n in range(7200)]
    assert len(shown(hour)) == len(hour)


def test_a_rate_that_changes_in_mid_stream_is_shown_on() -> None:
    slow = [(2.0 + n / 10, 102.0 + n / 10) for n in range(30)]
    assert len(shown(steady(48) + slow)) == 78


def test_the_meter_tells_rate_and_median_delay_and_forgets_a_stream_that_stopped() -> None:
    meter = Meter()
    for number in range(100):
        meter.picture(number * 0.04, 0.010 if number % 10 else 0.200)
    assert meter.read(3.96) == (25.0, 10.0)
    fps, _ = meter.read(5.0)
    assert fps < 20.0
    assert meter.read(60.0) == (0.0, 0.0)
