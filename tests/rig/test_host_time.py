import pytest

from rig.glass import Glass
from rig.host_time import QUICK, QUICK_S, STEADY_S, HostTime
from rig.recording import Shot
from shared.kiosk_wire import Frame, Pong


def frame(number: int) -> Frame:
    return Frame(frame=number, jpeg=b"jpeg", captured_at=1.0, pose_due_at=1.1)


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


def test_only_the_newest_picture_is_painted_and_written_down() -> None:
    shots: list[Shot] = []
    glass = Glass(shots, keeps_pictures=False)
    assert glass.take(frame(1)) is None
    overtaken = glass.take(frame(2))
    painted = glass.paint(5.0)
    assert overtaken is not None
    assert painted is not None
    assert (overtaken.frame, painted.frame) == (1, 2)
    assert glass.paint(5.1) is None
    assert [(shot.frame, shot.shown_at, shot.jpeg, shot.size) for shot in shots] == [(2, 5.0, b"", 4)]


def test_the_glass_is_painted_sixty_times_a_second() -> None:
    glass = Glass([], keeps_pictures=False)
    assert glass.next_painting(1.001) == pytest.approx(1.0 + 1 / 60)
    assert glass.next_painting(1.0 + 1 / 60 + 1e-9) == pytest.approx(1.0 + 2 / 60)
