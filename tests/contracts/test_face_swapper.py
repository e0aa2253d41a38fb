"""Every engine of the face swapper passes these."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from services.faceswap.arrays import floats
from services.faceswap.blending import paste
from services.faceswap.engines import ENGINES
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import FaceSwapper, Points
from services.faceswap.sources.stand_in.drawing import load_portrait
from shared.engines import EngineChoice
from tests.support.faceswap_world import another_face, head, pose

pytestmark = pytest.mark.engine


@pytest.fixture(params=ENGINES.table)
def swapper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FaceSwapper]:
    if request.param == "inswapper":
        for package in ("onnx", "onnxruntime"):
            pytest.importorskip(package)
        # Imported here: it needs the package that makes networks.
        from tests.support.tiny_face_models import write_models

        options = {"inswapper": {"model": str(write_models(tmp_path))}}
    else:
        options = {}
    engine = ENGINES.open(EngineChoice(engine=request.param, options=options))
    engine.warm_up()
    yield engine
    engine.close()


def landmarks(**weights: float) -> Points:
    points = FaceMesh().track(head(pose(**weights)))
    assert points is not None
    return points


def test_a_patch_lies_inside_the_frame_and_the_frame_is_left_alone(swapper: FaceSwapper) -> None:
    frame = head()
    before = frame.copy()
    patch = swapper.swap(frame, swapper.prepare(another_face()), landmarks())
    assert (frame == before).all()
    if patch is None:
        return
    height, width = patch.mask.shape
    assert patch.pixels.shape == (height, width, 3)
    assert patch.pixels.dtype == np.uint8
    assert patch.mask.dtype == np.uint8
    assert patch.left >= 0
    assert patch.top >= 0
    assert patch.left + width <= frame.shape[1]
    assert patch.top + height <= frame.shape[0]
    assert patch.mask.max() > 200
    # Nothing at the rim: no edge of a rectangle is ever seen.
    rim = np.concatenate([patch.mask[0], patch.mask[-1], patch.mask[:, 0], patch.mask[:, -1]])
    assert rim.max() <= 8


def test_the_same_photo_and_frame_give_the_same_patch_after_forgetting(swapper: FaceSwapper) -> None:
    frame, points = head(), landmarks()
    patches = []
    for _ in range(2):
        swapper.forget()
        patches.append(swapper.swap(frame, swapper.prepare(another_face()), points))
    one, other = patches
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert (one.pixels == other.pixels).all()
        assert (one.mask == other.mask).all()


def test_two_visitors_give_two_pictures(swapper: FaceSwapper) -> None:
    frame, points, shown = head(), landmarks(), []
    for photo in (another_face(), head()):
        swapper.forget()
        patch = swapper.swap(frame, swapper.prepare(photo), points)
        if patch is None:
            return
        shown.append(paste(frame, patch))
    assert np.abs(shown[0].astype(int) - shown[1]).mean() > 1.0


@pytest.mark.parametrize("shift", [(-330, 0), (330, 0), (0, -260), (0, 300), (5000, 5000)])
def test_a_face_that_leaves_the_frame_breaks_nothing(swapper: FaceSwapper, shift: tuple[int, int]) -> None:
    frame, source, points = head(), swapper.prepare(another_face()), landmarks()
    points[:, :2] += shift
    patch = swapper.swap(frame, source, points)
    if patch is not None:
        assert paste(frame, patch).shape == frame.shape


def test_an_engine_says_who_swaps_and_where(swapper: FaceSwapper) -> None:
    assert swapper.name
    assert swapper.device.startswith("cpu")


def test_landmarks_that_have_collapsed_break_nothing(swapper: FaceSwapper) -> None:
    frame, source = head(), swapper.prepare(another_face())
    swapper.swap(frame, source, np.zeros((468, 3), np.float32))
    turned = floats(load_portrait()[1] * [-1, 1, 1] + [640, 0, 0])
    swapper.swap(frame, source, turned)
