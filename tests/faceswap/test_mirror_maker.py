import cv2
import numpy as np
import pytest

from services.faceswap.engines.fallback import Fallback
from services.faceswap.engines.mesh_warp import MeshWarp, Options
from services.faceswap.engines.passthrough import Passthrough
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import Image, Patch, Points, SourceFace
from services.faceswap.mirror_maker import Look, MirrorMaker, Picture
from shared.errors import EngineFailed, EngineUnavailable
from tests.support.faceswap_world import Reel, another_face, head, pose

pytestmark = pytest.mark.engine
EMPTY = np.full((480, 640, 3), 8, np.uint8)
PERIOD = 0.04


class Failing(Passthrough):
    """An engine that learns and then fails on every frame."""

    name = "failing"

    def swap(self, frame: Image, source: SourceFace, face: Points) -> Patch | None:
        raise EngineFailed("failing: as it always does")


def pixels(picture: Picture | None) -> Image:
    assert picture is not None
    return np.asarray(cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def sharpness(picture: Picture | None) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(pixels(picture), cv2.COLOR_BGR2GRAY), cv2.CV_64F).var())


def play(maker: MirrorMaker, look: Look, frames: int) -> list[Picture]:
    made = [maker.make(look, index * PERIOD) for index in range(frames)]
    return [picture for picture in made if picture is not None]


def test_without_a_face_print_or_when_veiled_the_virtual_human_is_never_seen_bare() -> None:
    engine = MeshWarp(Options())
    for look in (Look(), Look(source=engine.prepare(another_face()), is_veiled=True)):
        for picture in play(MirrorMaker(Reel(head()), engine, FaceMesh(), 90), look, 5):
            assert not picture.is_swapped
            assert FaceMesh().track(pixels(picture)) is None
            assert sharpness(picture) < 1.0


def test_a_face_that_vanishes_is_held_then_veiled_and_never_bare() -> None:
    engine = MeshWarp(Options())
    look = Look(source=engine.prepare(another_face()))
    maker = MirrorMaker(Reel(*[head()] * 12, *[EMPTY] * 20), engine, FaceMesh(), 90)
    pictures = play(maker, look, 32)
    states = [picture.tracking for picture in pictures]
    assert states[:12] == ["locked"] * 12
    assert states[-1] == "searching"
    assert "held" in states
    shown_at_loss = pixels(pictures[12])
    assert np.abs(shown_at_loss.astype(int) - pixels(pictures[11])).mean() < 3
    for picture in pictures:
        assert picture.is_swapped == (picture.tracking in ("locked", "held"))


def test_a_single_frame_without_a_face_is_not_noticed() -> None:
    engine = MeshWarp(Options())
    look = Look(source=engine.prepare(another_face()))
    maker = MirrorMaker(Reel(*[head()] * 12, EMPTY, head()), engine, FaceMesh(), 90)
    pictures = play(maker, look, 14)
    assert all(picture.is_swapped for picture in pictures)
    assert np.abs(pixels(pictures[12]).astype(int) - pixels(pictures[11])).mean() < 3
    assert pictures[13].tracking == "locked"


def test_a_frame_on_which_the_engine_fails_shows_the_veil_and_is_counted() -> None:
    engine = Failing()
    maker = MirrorMaker(Reel(head()), engine, FaceMesh(), 90)
    pictures = play(maker, Look(source=engine.prepare(another_face())), 4)
    assert (maker.failures, maker.trouble) == (4, "failing: as it always does")
    assert not any(picture.is_swapped for picture in pictures)
    assert sharpness(pictures[-1]) < 5


def test_the_fallback_swaps_the_frame_on_which_the_first_engine_failed_and_says_so() -> None:
    pair = Fallback(Failing(), MeshWarp(Options()))
    pair.warm_up()
    maker = MirrorMaker(Reel(head()), pair, FaceMesh(), 90)
    pictures = play(maker, Look(source=pair.prepare(another_face())), 3)
    assert all(picture.is_swapped for picture in pictures)
    assert (pair.name, pair.switches) == ("mesh_warp", 1)
    assert "as it always does" in pair.last_error


def test_the_fallback_goes_on_without_an_engine_that_cannot_be_warmed() -> None:
    class Absent(Failing):
        def warm_up(self) -> None:
            raise EngineUnavailable("absent: no device")

    pair = Fallback(Absent(), Passthrough())
    pair.warm_up()
    assert (pair.name, pair.last_error) == ("passthrough", "absent: no device")


def test_a_source_with_nothing_new_makes_no_picture() -> None:
    maker = MirrorMaker(Reel(), Passthrough(), FaceMesh(), 90)
    assert maker.make(Look(), 0.0) is None


def test_a_forgotten_visit_leaves_nothing_of_its_face() -> None:
    engine = MeshWarp(Options())
    look = Look(source=engine.prepare(another_face()))
    maker = MirrorMaker(Reel(*[head()] * 6, EMPTY), engine, FaceMesh(), 90)
    play(maker, look, 6)
    maker.forget()
    after = maker.make(look, 1.0)
    assert after is not None
    assert (after.tracking, after.is_swapped) == ("searching", False)


def test_what_the_source_says_of_the_pose_travels_with_the_picture() -> None:
    picture = MirrorMaker(Reel(head(pose(jawOpen=0.3))), Passthrough(), FaceMesh(), 90).make(Look(), 5.0)
    assert picture is not None
    assert (picture.captured_at, picture.pose_due_at) == (5.0, 5.1)
    assert (picture.width, picture.height) == (640, 480)
