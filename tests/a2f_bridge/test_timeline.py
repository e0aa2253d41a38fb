import numpy as np

from services.a2f_bridge.blendshapes import JAW_OPEN, Poses
from services.a2f_bridge.timeline import Schedule, Speech, Timeline

A, B = Speech(1, 0), Speech(2, 0)


def jaws(*values: float) -> Poses:
    poses = np.zeros((len(values), 52), np.float32)
    poses[:, JAW_OPEN] = values
    return poses


def test_a_pose_stands_at_its_sample_and_between_two_lies_their_mean() -> None:
    timeline = Timeline(epoch=0)
    timeline.extend(jaws(0.0, 0.4))
    timeline.extend(jaws(0.2))
    found = [timeline.at(sample) for sample in (0, 400, 600, 800)]
    assert [round(float(pose[JAW_OPEN]), 6) for pose in found if pose is not None] == [0.0, 0.4, 0.3, 0.2]


def test_there_is_no_pose_before_the_first_or_after_the_last() -> None:
    timeline = Timeline(epoch=0)
    assert timeline.at(0) is None
    timeline.extend(jaws(0.1))
    assert timeline.at(-1) is None
    assert timeline.at(400) is None


def test_a_complete_speech_keeps_no_pose_beyond_its_end() -> None:
    timeline = Timeline(epoch=0)
    timeline.extend(jaws(0.1, 0.2, 0.3))
    timeline.complete(samples=401)
    assert len(timeline) == 2


def test_nothing_sounds_before_it_is_due() -> None:
    schedule = Schedule()
    schedule.due(A, 0, due_at=10.0)
    assert schedule.at(9.999) is None


def test_samples_follow_the_one_that_was_due() -> None:
    schedule = Schedule()
    schedule.due(A, 2400, due_at=10.0)
    place = schedule.at(10.5)
    assert place is not None
    assert (place.speech, place.sample, place.is_waiting) == (A, 14_400, False)


def test_a_stretch_ends_where_the_next_goes_on() -> None:
    schedule = Schedule()
    schedule.due(A, 0, due_at=10.0)
    schedule.due(A, 2400, due_at=11.0)
    gap, after = schedule.at(10.5), schedule.at(11.0)
    assert gap is not None
    assert (gap.sample, gap.is_waiting) == (2400, True)
    assert after is not None
    assert (after.sample, after.is_waiting) == (2400, False)


def test_a_held_turn_waits_at_the_held_sample_until_it_is_due_again() -> None:
    schedule = Schedule()
    schedule.due(A, 0, due_at=10.0)
    schedule.hold(A.turn, at_sample=1200)
    held = schedule.at(12.0)
    assert held is not None
    assert (held.sample, held.is_waiting) == (1200, True)
    schedule.due(A, 1200, due_at=12.5)
    resumed = schedule.at(12.6)
    assert resumed is not None
    assert not resumed.is_waiting


def test_saying_it_again_overrides_what_was_said_of_the_same_samples() -> None:
    schedule = Schedule()
    schedule.due(A, 0, due_at=10.0)
    schedule.due(A, 0, due_at=10.2)
    assert schedule.at(10.1) is None


def test_the_next_turn_waits_for_its_own_time() -> None:
    schedule = Schedule()
    schedule.due(A, 0, due_at=10.0)
    schedule.due(B, 0, due_at=12.0)
    early, late = schedule.at(11.9), schedule.at(12.0)
    assert early is not None
    assert early.speech == A
    assert late is not None
    assert late.speech == B


def test_a_dropped_speech_is_nowhere() -> None:
    schedule = Schedule()
    schedule.due(A, 0, due_at=10.0)
    schedule.drop({A})
    assert schedule.at(11.0) is None
    assert schedule.speeches() == set()
