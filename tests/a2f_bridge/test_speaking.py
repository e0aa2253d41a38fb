import numpy as np
import pytest

from services.a2f_bridge.blendshapes import JAW_OPEN, Poses
from services.a2f_bridge.closing import CLOSE_S, CROSSFADE_S
from services.a2f_bridge.speaking import Moment, SpeakingFace
from services.a2f_bridge.timeline import Speech

A, B = Speech(1, 0), Speech(2, 0)
TICK_S = 1 / 60


def open_mouth(n: int, jaw: float = 0.4) -> Poses:
    poses = np.zeros((n, 52), np.float32)
    poses[:, JAW_OPEN] = jaw
    return poses


def watch(face: SpeakingFace, begin: float, end: float) -> list[tuple[float, Moment]]:
    ticks = np.arange(round((end - begin) / TICK_S) + 1) * TICK_S + begin
    return [(float(now), face.at(float(now))) for now in ticks]


def jaw(moment: Moment) -> float:
    return float(moment.mouth[JAW_OPEN])


def speaking_face(poses: int = 120) -> SpeakingFace:
    face = SpeakingFace()
    face.extend(A, 0, open_mouth(poses))
    face.due(A, 0, due_at=10.0)
    watch(face, 9.9, 10.5)
    return face


def test_a_mouth_at_rest_is_shut() -> None:
    assert not SpeakingFace().at(5.0).mouth.any()


def test_poses_are_shown_only_when_their_speech_is_due() -> None:
    face = SpeakingFace()
    face.extend(A, 0, open_mouth(60))
    assert jaw(face.at(10.0)) == 0.0
    face.due(A, 0, due_at=11.0)
    assert not face.at(10.9).is_speaking
    assert face.at(11.2).is_speaking


def test_a_guess_that_was_not_let_out_is_never_shown() -> None:
    face = SpeakingFace()
    face.extend(Speech(1, 0), 0, open_mouth(60, jaw=0.4))
    face.extend(Speech(1, 1), 0, open_mouth(60, jaw=0.2))
    face.discard(1, 0)
    face.due(Speech(1, 1), 0, due_at=10.0)
    face.at(10.0)
    assert jaw(face.at(10.5)) == pytest.approx(0.2)


def test_the_first_pose_of_a_speech_has_its_full_size_once_the_crossfade_is_over() -> None:
    face = speaking_face()
    assert jaw(face.at(10.0 + 0.5 + CROSSFADE_S)) == pytest.approx(0.4)


def test_a_new_epoch_closes_the_mouth_within_120_ms() -> None:
    face = speaking_face()
    face.advance(1, now=10.5)
    assert jaw(face.at(10.5 + 0.12)) == 0.0
    assert CLOSE_S <= 0.12


def test_closing_is_no_jump() -> None:
    face = speaking_face()
    before = jaw(face.at(10.5))
    face.advance(1, now=10.5)
    track = [before, *(jaw(moment) for _, moment in watch(face, 10.5 + TICK_S, 10.7))]
    assert max(abs(np.diff(track))) <= 4.3 * TICK_S


def test_a_flush_is_told_once_when_the_mouth_is_shut() -> None:
    face = speaking_face()
    face.advance(3, now=10.5)
    assert face.is_flushing
    assert face.flushed(10.5 + CLOSE_S / 2) is None
    assert face.flushed(10.5 + CLOSE_S) == 3
    assert face.flushed(11.0) is None
    assert not face.is_flushing


def test_a_mouth_that_is_shut_already_is_flushed_at_once() -> None:
    face = SpeakingFace()
    face.advance(1, now=10.0)
    assert face.flushed(10.0) == 1


def test_an_epoch_told_twice_is_one() -> None:
    face = speaking_face()
    face.advance(1, now=10.5)
    face.flushed(11.0)
    face.advance(1, now=11.0)
    assert not face.is_flushing


def test_nothing_of_an_older_epoch_comes_back() -> None:
    face = speaking_face()
    face.due(B, 0, due_at=10.6)
    face.advance(1, now=10.5)
    assert not any(moment.is_speaking for _, moment in watch(face, 10.5, 12.0))


def test_the_next_epoch_speaks_while_the_last_still_closes() -> None:
    face = speaking_face()
    face.advance(1, now=10.5)
    face.extend(B, 1, open_mouth(60, jaw=0.1))
    face.due(B, 0, due_at=10.52)
    watch(face, 10.5, 10.8)
    assert jaw(face.at(10.8)) == pytest.approx(0.1)


def test_a_held_mouth_closes_and_goes_on_where_it_was() -> None:
    face = speaking_face()
    face.hold(A.turn, at_sample=12_000)
    held = watch(face, 10.5, 11.3)
    assert jaw(held[-1][1]) < 0.02
    assert not held[-1][1].is_starved
    face.due(A, 12_000, due_at=11.4)
    watch(face, 11.4, 11.6)
    assert jaw(face.at(11.6)) == pytest.approx(0.4)


def test_a_mouth_whose_poses_run_dry_never_freezes_open() -> None:
    face = speaking_face(poses=33)
    dry = watch(face, 10.5, 11.2)
    assert any(moment.is_starved for _, moment in dry)
    assert jaw(dry[-1][1]) < 0.02


def test_late_poses_are_joined_without_a_jump() -> None:
    face = speaking_face(poses=33)
    before = jaw(watch(face, 10.5, 10.8)[-1][1])
    face.extend(A, 0, open_mouth(60))
    track = [before, *(jaw(moment) for _, moment in watch(face, 10.8 + TICK_S, 11.1))]
    assert max(abs(np.diff(track))) <= 4.3 * TICK_S
    assert track[-1] == pytest.approx(0.4)


def test_a_speech_that_is_over_leaves_the_mouth_at_rest() -> None:
    face = SpeakingFace()
    face.extend(A, 0, open_mouth(30))
    face.timeline(A, 0).complete(30 * 400)
    face.due(A, 0, due_at=10.0)
    end = watch(face, 10.0, 10.5 + CROSSFADE_S + TICK_S)[-1][1]
    assert not end.is_speaking
    assert jaw(end) == 0.0


def test_an_anchor_that_moves_a_little_moves_the_mouth_a_little() -> None:
    ramp = open_mouth(120)
    ramp[:, JAW_OPEN] = np.linspace(0.0, 0.4, 120)
    face = SpeakingFace()
    face.extend(A, 0, ramp)
    face.due(A, 0, due_at=10.0)
    watch(face, 10.0, 10.5)
    face.due(A, 12_000, due_at=10.52)
    steps = np.diff([jaw(moment) for _, moment in watch(face, 10.5, 10.8)])
    assert abs(steps).max() < 0.02


def test_poses_that_no_longer_matter_are_forgotten() -> None:
    face = SpeakingFace()
    for turn in range(1, 40):
        face.extend(Speech(turn, 0), 0, open_mouth(10))
        face.due(Speech(turn, 0), 0, due_at=float(turn))
    assert len(face.known()) <= 10
