"""The picture's rhythm, and lips against sound."""

from rig.measures import av_offsets_ms, percentiles, picture_rhythm, spread
from tests.support.rig_recordings import shot, sounded


def test_percentiles_of_nothing_are_nothing() -> None:
    assert percentiles([], 50, 95) == {"p50": None, "p95": None}
    assert spread({}) == {"p50": None, "min": None, "max": None}


def test_a_picture_is_late_when_the_eye_waited_longer_than_a_slot_and_a_half() -> None:
    shots = [shot(index * 0.04) for index in range(10)] + [shot(0.36 + 0.08)]
    rhythm = picture_rhythm(shots)
    assert rhythm["late"] == 0.1
    assert rhythm["longest_gap_ms"] == 80.0


def test_where_the_picture_stood_longest_and_where_the_lips_were_latest_is_told() -> None:
    assert picture_rhythm([shot(10.0), shot(10.04), shot(10.2), shot(10.24)], 10.0)["longest_gap_at_s"] == 0.04
    assert spread({11.0: 40.0, 12.5: -70.0, 13.0: 60.0}, 10.0)["min_at_s"] == 2.5


def test_sound_behind_the_lips_is_positive() -> None:
    """The pose of 1.5 s was shown 30 ms early; the loudspeaker was on time."""
    assert av_offsets_ms([shot(1.47, pose_due_at=1.5)], [sounded(1, 1.0)]) == {1.47: 30.0}


def test_what_the_loudspeaker_was_late_adds_to_it() -> None:
    assert av_offsets_ms([shot(1.5, pose_due_at=1.5)], [sounded(1, 1.02, late_s=0.02)]) == {1.5: 20.0}


def test_pictures_shown_while_nothing_sounds_do_not_count() -> None:
    assert av_offsets_ms([shot(5.0, pose_due_at=5.0), shot(1.2)], [sounded(1, 1.0)]) == {}
