"""The stand-in and the tracker know nothing of each other but pixels."""

import socket
from functools import cache

import numpy as np
import pytest

from services.faceswap.alignment import mouth_openness
from services.faceswap.alignment import pose as pose_of
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import Points
from services.faceswap.lids import Lids, watch_lids
from services.faceswap.sources.stand_in import Options, StandIn
from services.faceswap.sources.stand_in.drawing import Artist
from services.faceswap.sources.stand_in.live_link import SHAPES, Pose
from tests.support.faceswap_world import packet, pose

pytestmark = pytest.mark.engine


@cache
def artist() -> Artist:
    return Artist(640, 480)


def landmarks(of: Pose) -> Points:
    points = FaceMesh().track(artist().draw(of))
    assert points is not None
    return points


@pytest.mark.parametrize("shape", SHAPES)
def test_the_tracker_finds_the_face_with_any_blendshape_fully_on(shape: str) -> None:
    assert FaceMesh().track(artist().draw(pose(**{shape: 1.0}))) is not None


def test_the_tracker_never_loses_the_face_in_five_seconds_of_wild_speech() -> None:
    rng, mesh, lost = np.random.default_rng(0), FaceMesh(), 0
    now = np.zeros(len(SHAPES) + 3)
    for _ in range(125):
        now = 0.7 * now + 0.3 * np.concatenate([rng.uniform(0, 0.8, len(SHAPES)), rng.uniform(-0.35, 0.35, 3)])
        of = Pose(weights=tuple(now[:-3]), yaw=now[-3], pitch=now[-2], roll=now[-1])
        lost += mesh.track(artist().draw(of)) is None
    assert lost == 0


def test_the_mouth_opens_with_the_jaw() -> None:
    gaps = [mouth_openness(landmarks(pose(jawOpen=jaw))) for jaw in (0.0, 0.3, 0.6, 0.9)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > gaps[0] + 0.2


def test_mouth_close_closes_what_the_jaw_opened() -> None:
    sealed = mouth_openness(landmarks(pose(jawOpen=0.6, mouthClose=0.6)))
    assert sealed < 0.35 * mouth_openness(landmarks(pose(jawOpen=0.6)))


def test_lips_come_together_when_puckered() -> None:
    def width(of: Pose) -> float:
        points = landmarks(of)
        return float(np.linalg.norm(points[61, :2] - points[291, :2]))

    assert width(pose(mouthPucker=1.0)) < 0.9 * width(pose())
    assert width(pose(mouthSmile=1.0)) > 1.02 * width(pose())


@pytest.mark.parametrize(("turn", "axis", "sign"), [("yaw", "yaw", -1), ("pitch", "pitch", -1), ("roll", "roll", -1)])
def test_the_head_turns_as_told(turn: str, axis: str, sign: int) -> None:
    one, other = (getattr(pose_of(landmarks(pose(**{turn: angle}))), axis) for angle in (0.2, -0.2))
    assert abs(one - other) > 8
    del sign


def test_a_head_that_looks_up_has_its_nose_higher_and_one_that_looks_to_its_right_has_it_farther_left() -> None:
    rest, up, right = landmarks(pose()), landmarks(pose(pitch=0.2)), landmarks(pose(yaw=0.2))
    assert up[1, 1] < rest[1, 1] - 4
    assert right[1, 0] < rest[1, 0] - 4


def test_a_blink_is_seen_and_is_over_when_the_eye_opens() -> None:
    mesh, lids, closed = FaceMesh(), Lids(), []
    for blink in (0, 0, 0, 0.5, 1.0, 1.0, 0.5, 0, 0):
        frame = artist().draw(pose(eyeBlink=blink))
        points = mesh.track(frame)
        assert points is not None
        lids = watch_lids(lids, frame, points, 0.04)
        closed.append(min(lids.closed))
    assert max(closed[:3]) < 0.1
    assert closed[4] > 0.8
    assert closed[5] > 0.8
    assert max(closed[-2:]) < 0.1


def test_the_gaze_moves_the_irises_and_nothing_else() -> None:
    rest, aside = artist().draw(pose()), artist().draw(pose(eyeLookOutLeft=1.0, eyeLookInRight=1.0))
    rows, _ = np.nonzero(np.abs(rest.astype(int) - aside).sum(axis=2) > 12)
    points = landmarks(pose())
    assert len(rows) > 50
    assert rows.min() > points[[159, 386], 1].min() - 12
    assert rows.max() < points[[145, 374], 1].max() + 12


def test_the_same_pose_is_drawn_the_same() -> None:
    of = pose(jawOpen=0.4, yaw=0.1)
    assert (artist().draw(of) == Artist(640, 480).draw(of)).all()


def test_a_packet_becomes_the_picture_and_carries_its_due_time() -> None:
    source = StandIn(Options(live_link_listen="127.0.0.1:0"))
    source.open(640, 480)
    still = source.newest(1.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(packet(pose(jawOpen=0.8), due_at=77.5), ("127.0.0.1", source.receiver.port))
    moved = source.newest(77.44)
    again = source.newest(77.48)
    much_later = source.newest(99.0)
    source.close()
    assert still is not None
    assert moved is not None
    assert much_later is not None
    assert much_later.pose_due_at == 0.0
    assert again is not None
    assert still.pose_due_at == 0.0
    assert (moved.pose_due_at, moved.captured_at) == (77.5, 77.44)
    assert (moved.pixels != still.pixels).any()
    assert (again.pixels == moved.pixels).all()
    assert again.pose_due_at == 77.5
