from services.session.play_events import StageDown, StageUp, VisitorLeft
from services.session.pulse import STAGES, Pulse

ALL = frozenset(STAGES)


def test_a_stage_that_goes_and_comes_is_told_once_each() -> None:
    pulse = Pulse(12.0)
    assert list(pulse.beat(1.0, ALL, is_connected=True)) == []
    assert list(pulse.beat(2.0, ALL - {"tts"}, is_connected=True)) == [StageDown(stage="tts")]
    assert list(pulse.beat(3.0, ALL - {"tts"}, is_connected=True)) == []
    assert list(pulse.beat(4.0, ALL, is_connected=True)) == [StageUp(stage="tts")]


def test_a_stage_that_is_away_from_the_beginning_is_told() -> None:
    assert list(Pulse(12.0).beat(1.0, ALL - {"llm"}, is_connected=True)) == [StageDown(stage="llm")]


def test_a_kiosk_gone_for_long_has_no_visitor_and_one_that_returns_in_time_has() -> None:
    pulse = Pulse(12.0)
    for now in (1.0, 5.0, 13.0):
        assert list(pulse.beat(now, ALL, is_connected=False)) == []
    assert list(pulse.beat(13.1, ALL, is_connected=False)) == [VisitorLeft()]
    pulse = Pulse(12.0)
    for now in (1.0, 12.0):
        assert list(pulse.beat(now, ALL, is_connected=False)) == []
    assert list(pulse.beat(12.5, ALL, is_connected=True)) == []
    assert list(pulse.beat(20.0, ALL, is_connected=False)) == []
