import cv2
import numpy as np
import pytest

from services.faceswap import topology
from services.faceswap.blending import paste
from services.faceswap.engines.mesh_warp import MeshWarp, Options
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import Image
from services.faceswap.likeness import similarity
from services.faceswap.mirror_maker import Look, MirrorMaker
from services.faceswap.warping import Box, polygon_mask
from shared.errors import BadInput
from tests.support.faceswap_world import Reel, another_face, head, pose

pytestmark = pytest.mark.engine


def swapped(of: Image) -> Image:
    engine = MeshWarp(Options())
    points = FaceMesh().track(of)
    assert points is not None
    patch = engine.swap(of, engine.prepare(another_face()), points)
    assert patch is not None
    return paste(of, patch)


def test_the_swapped_face_is_more_like_the_visitor_than_like_the_virtual_human() -> None:
    shown = swapped(head())
    assert similarity(shown, another_face()) > similarity(shown, head()) + 0.1


def test_likeness_of_a_picture_with_itself_is_one_and_needs_a_face() -> None:
    assert similarity(head(), head()) == pytest.approx(1.0, abs=1e-4)
    with pytest.raises(BadInput, match="no face"):
        similarity(head(), np.zeros((50, 50, 3), np.uint8))


def test_what_is_seen_between_the_lips_is_the_virtual_humans_own() -> None:
    frame = head(pose(jawOpen=0.8))
    points = FaceMesh().track(frame)
    assert points is not None
    inside = polygon_mask(points[list(topology.INNER_LIPS)], Box(0, 0, 640, 480))
    inside = np.asarray(inside == 255)
    eroded = inside & np.roll(inside, 3, 0) & np.roll(inside, -3, 0) & np.roll(inside, 3, 1) & np.roll(inside, -3, 1)
    assert eroded.sum() > 100
    assert np.abs(swapped(frame).astype(int) - frame)[eroded].max() <= 2


def test_above_the_brows_the_picture_fades_without_a_line() -> None:
    frame = head()
    points = FaceMesh().track(frame)
    assert points is not None
    change = np.abs(swapped(frame).astype(float) - frame).mean(axis=2)
    top = int(points[topology.FOREHEAD, 1])
    brow = int(points[[*topology.RIGHT_BROW, *topology.LEFT_BROW], 1].min()) - 10
    middle = int(points[topology.FOREHEAD, 0])
    profile = change[top:brow, middle - 30 : middle + 30].mean(axis=1)
    assert np.abs(np.diff(profile)).max() < 4.0


def test_a_photo_without_a_face_is_refused() -> None:
    with pytest.raises(BadInput, match="no face"):
        MeshWarp(Options()).prepare(np.full((200, 200, 3), 80, np.uint8))


def test_a_blink_of_the_virtual_human_closes_the_visitors_eyes() -> None:
    engine = MeshWarp(Options())
    source = engine.prepare(another_face())
    frames = [head()] * 14 + [head(pose(eyeBlink=1.0))] * 2
    reel = Reel(*frames)
    maker = MirrorMaker(reel, engine, FaceMesh(), 95)
    shown = []
    for index in range(len(frames)):
        picture = maker.make(Look(source=source), index * 0.04)
        assert picture is not None
        assert picture.is_swapped or index < 1
        shown.append(np.asarray(cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR), np.int16))
    points = FaceMesh().track(head())
    assert points is not None
    for ring in (topology.RIGHT_EYE, topology.LEFT_EYE):
        eye = polygon_mask(points[list(ring)], Box(0, 0, 640, 480)) > 200
        assert np.abs(shown[-1] - shown[13])[eye].mean() > 15
        still = np.roll(eye, 130, axis=0)
        assert np.abs(shown[-1] - shown[13])[still].mean() < 5
