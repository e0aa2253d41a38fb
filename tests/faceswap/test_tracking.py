import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.faceswap.tracking import HELD, LOCKED, SEARCHING, TRACKED, Tracking, TrackingLimits, advance

FACE = np.zeros((468, 3), np.float32)
LIMITS = TrackingLimits(flow_frames=3, hold_s=0.38, unveil_s=0.2)
PERIOD = 0.04


def play(story: str) -> list[Tracking]:
    """`s` the mesh sees the face, `f` only flow does, `-` neither."""
    state, told = Tracking(), []
    for frame, sight in enumerate(story, 1):
        seen, carried = (FACE if sight == "s" else None), (FACE if sight == "f" else None)
        state = advance(state, seen, carried, frame * PERIOD, LIMITS)
        told.append(state)
    return told


def test_before_a_face_was_seen_the_veil_is_down() -> None:
    assert [(one.state, one.veil) for one in play("---")] == [(SEARCHING, 1.0)] * 3


def test_the_veil_lifts_once_the_face_is_seen() -> None:
    states = play("ssssssss")
    assert [one.state for one in states] == [LOCKED] * 8
    veils = [one.veil for one in states]
    assert veils == sorted(veils, reverse=True)
    assert veils[-1] == 0.0


def test_a_missed_frame_is_carried_by_flow_without_a_veil() -> None:
    missed = play("s" * 10 + "f")[-1]
    assert (missed.state, missed.veil) == (TRACKED, 0.0)
    assert missed.points is FACE


def test_flow_alone_carries_only_so_far() -> None:
    assert [one.state for one in play("s" * 10 + "ffff")][-4:] == [TRACKED, TRACKED, TRACKED, HELD]


def test_while_held_the_veil_falls_until_the_search_begins() -> None:
    states = play("s" * 10 + "-" * 14)[10:]
    assert [one.state for one in states] == [HELD] * 10 + [SEARCHING] * 4
    veils = [one.veil for one in states]
    assert veils == sorted(veils)
    assert veils[-1] == 1.0


def test_a_face_that_comes_back_is_locked_at_once() -> None:
    assert play("s" * 10 + "---s")[-1].state == LOCKED


@given(st.text("sf-", max_size=60))
def test_without_landmarks_the_picture_is_held_or_fully_veiled(story: str) -> None:
    for state in play(story):
        assert 0.0 <= state.veil <= 1.0
        assert (state.points is not None) == (state.state in (LOCKED, TRACKED))
        if state.state == SEARCHING:
            assert state.veil == 1.0
