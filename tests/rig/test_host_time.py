import pytest

from rig.host_time import QUICK, QUICK_S, STEADY_S, HostTime
from shared.kiosk_wire import Pong


def test_an_answer_was_given_half_way_between_question_and_arrival() -> None:
    host = HostTime()
    host.learn(Pong(sent=10.0, host=110.5), 11.0)
    assert host.offset == pytest.approx(100.0)


def test_one_answer_that_was_held_up_changes_nothing() -> None:
    host = HostTime()
    for now in (10.0, 11.0, 12.0):
        host.learn(Pong(sent=now, host=now + 100.0), now)
    host.learn(Pong(sent=13.0, host=113.0), 15.0)
    assert host.offset == pytest.approx(100.0)


def test_the_clock_is_learnt_quickly_and_then_kept() -> None:
    host = HostTime()
    assert [host.ask(1.0)[1] for _ in range(QUICK + 1)] == [QUICK_S] * QUICK + [STEADY_S]
