import math

import numpy as np
import pytest

from services.a2f_bridge.blendshapes import COUNT, JAW_OPEN, NAMES, index
from services.a2f_bridge.frame_track import FORGIVEN_POSES, FrameTrack
from shared.errors import EngineFailed

NAMES_55 = (*NAMES, "HeadRoll", "HeadPitch", "HeadYaw")


def track(jaw: list[float], hz: float = 30.0) -> FrameTrack:
    """Frames whose jaw is so far open, one after another."""
    frames = FrameTrack(NAMES)
    for n, weight in enumerate(jaw):
        frames.add(n / hz, row(JawOpen=weight))
    return frames


def row(**weights: float) -> list[float]:
    return [weights.get(name, 0.0) for name in NAMES]


def test_between_two_frames_a_pose_lies_half_way() -> None:
    assert track([0.0, 0.4, 0.2]).take()[:, JAW_OPEN] == pytest.approx([0.0, 0.2, 0.4, 0.3, 0.2])


def test_a_pose_waits_for_the_frame_after_it() -> None:
    frames = track([0.0])
    assert len(frames.take()) == 1
    frames.add(1 / 30, row(JawOpen=0.4))
    assert frames.take()[:, JAW_OPEN] == pytest.approx([0.2, 0.4])


def test_how_frames_come_together_changes_nothing() -> None:
    jaw = [math.sin(n / 3) ** 2 for n in range(90)]
    frames, pieces = FrameTrack(NAMES), []
    for n, weight in enumerate(jaw):
        frames.add(n / 30, row(JawOpen=weight))
        pieces.append(frames.take())
    assert np.allclose(np.concatenate(pieces), track(jaw).take())


@pytest.mark.parametrize("hz", [24.0, 30.0, 60.0])
def test_frames_of_any_rate_become_sixty_poses_a_second(hz: float) -> None:
    poses = track([n / hz for n in range(round(hz))], hz).rest(58)
    assert poses[:, JAW_OPEN] == pytest.approx(np.minimum(np.arange(58) / 60, (hz - 1) / hz), abs=1e-5)


def test_weights_beyond_0_and_1_are_clipped_and_what_is_no_number_is_0() -> None:
    frames = FrameTrack(NAMES)
    frames.add(0.0, row(JawOpen=1.7, MouthClose=-0.3, CheekPuff=math.nan, TongueOut=math.inf))
    pose = frames.take()[0]
    assert [pose[index(name)] for name in ("JawOpen", "MouthClose", "CheekPuff", "TongueOut")] == [1.0, 0.0, 0.0, 1.0]


def test_columns_are_found_by_their_names_in_any_order() -> None:
    names = ("HeadYaw", *reversed(NAMES))
    frames = FrameTrack(names)
    frames.add(0.0, [9.0, *(i / 100 for i in reversed(range(COUNT)))])
    assert frames.take()[0] == pytest.approx(np.arange(COUNT) / 100)


def test_names_that_are_missing_stay_0() -> None:
    frames = FrameTrack(("JawOpen",))
    frames.add(0.0, [0.5])
    assert frames.take()[0].sum() == pytest.approx(0.5)


@pytest.mark.parametrize("names", [(), ("CTRL_expressions_jawOpen", "HeadYaw")])
def test_a_table_without_a_jaw_is_no_face(names: tuple[str, ...]) -> None:
    with pytest.raises(EngineFailed, match="no JawOpen"):
        FrameTrack(names)


@pytest.mark.parametrize("length", [0, 51, 55])
def test_a_frame_must_have_as_many_values_as_there_are_names(length: int) -> None:
    with pytest.raises(EngineFailed, match=f"{length} values under 52 names"):
        FrameTrack(NAMES).add(0.0, [0.0] * length)


@pytest.mark.parametrize("time_s", [-0.5, math.nan, 5.0, 1.7e9])
def test_an_impossible_time_is_refused(time_s: float) -> None:
    frames = track([0.0] * 10)
    with pytest.raises(EngineFailed, match=r"after one at 0\.300 s"):
        frames.add(time_s, row())


def test_a_frame_that_comes_twice_counts_once() -> None:
    frames = track([0.0, 0.4])
    frames.add(1 / 30, row(JawOpen=0.9))
    assert frames.take()[:, JAW_OPEN] == pytest.approx([0.0, 0.2, 0.4])


def test_one_missing_frame_at_the_end_is_forgiven_and_the_last_pose_is_held() -> None:
    frames = track([0.0, 0.4])
    assert frames.rest(3 + FORGIVEN_POSES)[:, JAW_OPEN] == pytest.approx([0.0, 0.2, 0.4, 0.4, 0.4, 0.4])


def test_more_missing_frames_are_a_failure() -> None:
    with pytest.raises(EngineFailed, match="frames for 3 poses where 7 were owed"):
        track([0.0, 0.4]).rest(4 + FORGIVEN_POSES)


def test_poses_beyond_the_sound_are_left_out() -> None:
    frames = track([0.1] * 30)
    assert len(frames.rest(7)) == 7


def test_no_frames_for_no_sound_are_enough() -> None:
    assert len(FrameTrack(NAMES_55).rest(0)) == 0
