import pytest

from rig.glass import Glass
from rig.recording import Shot
from shared.kiosk_wire import Frame


def frame(number: int, pose_due_at: float = 1.1) -> Frame:
    return Frame(frame=number, jpeg=b"jpeg", captured_at=1.0, pose_due_at=pose_due_at)


def test_only_the_newest_picture_is_painted_and_written_down() -> None:
    shots: list[Shot] = []
    glass = Glass(shots, keeps_pictures=False)
    assert glass.take(frame(1), 1.0) is None
    overtaken = glass.take(frame(2), 1.0)
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


def painted(*pictures: tuple[float, float]) -> list[int]:
    """Numbers of the pictures that are seen, of (due, came); each is painted before the next comes."""
    shots: list[Shot] = []
    glass = Glass(shots, keeps_pictures=False)
    for number, (due_at, now) in enumerate(pictures):
        glass.take(frame(number, due_at), now)
        glass.paint(now + 0.01)
    return [shot.frame for shot in shots]


def test_a_picture_that_missed_its_sound_is_left_out_and_acknowledged() -> None:
    glass = Glass([], keeps_pictures=False)
    late = frame(1, 1.0)
    assert glass.take(late, 1.1) is late
    assert glass.paint(1.11) is None


def test_a_hiccup_leaves_out_what_is_late() -> None:
    assert painted((1.05, 1.0), (1.083, 1.2), (1.117, 1.21), (1.25, 1.2), (1.283, 1.23)) == [0, 3, 4]


def test_a_machine_that_is_always_late_still_shows_what_it_has() -> None:
    late = [(1 + 0.03 * number, 1.1 + 0.03 * number) for number in range(6)]
    assert painted(*late) == [3, 4, 5]
    assert painted(*late, (1.3, 1.25), (1.3, 1.4)) == [3, 4, 5, 6]


def test_a_picture_of_which_nobody_knows_when_it_is_due_is_never_late() -> None:
    assert painted((0.0, 1.1), (0.0, 1.2)) == [0, 1]
