"""What the mirror shows while no video comes: held, veiled, and never a flash."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from services.faceswap.drought import GAP_S, STILL_S
from services.faceswap.engines.mesh_warp import MeshWarp, Options
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import Image
from services.faceswap.mirror_maker import Look, MirrorMaker, Picture
from services.faceswap.video_source import Shot
from tests.support.faceswap_world import Reel, another_face, head

pytestmark = pytest.mark.engine

SLOT_S = 1 / 30


class Unsteady(Reel):
    """A source with a picture at some instants only."""

    def __init__(self, rains: set[int]) -> None:
        super().__init__(head())
        self._rains, self._slot = rains, -1

    def newest(self, now: float) -> Shot | None:
        self._slot += 1
        return super().newest(now) if self._slot in self._rains else None


def play(rains: set[int], slots: int, look: Look | None = None) -> list[Picture | None]:
    engine = MeshWarp(Options())
    look = look or Look(source=engine.prepare(another_face()))
    maker = MirrorMaker(Unsteady(rains), engine, FaceMesh(), 90)
    return [maker.make(look, 100.0 + slot * SLOT_S) for slot in range(slots)]


def image(picture: Picture | None) -> Image:
    assert picture is not None
    return np.asarray(cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def detail(picture: Picture | None) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(image(picture), cv2.COLOR_BGR2GRAY), cv2.CV_64F).var())


def test_a_source_slower_than_the_mirror_and_a_stutter_are_not_a_drought() -> None:
    rains = {slot for slot in range(60) if slot % 5 and not 30 <= slot < 30 + int(GAP_S / SLOT_S) - 1}
    made = play(rains, 60)
    assert {slot for slot, picture in enumerate(made) if picture is not None} == rains
    assert {picture.tracking for picture in made if picture is not None} == {"locked"}


def test_when_the_video_stops_the_last_picture_is_held_while_the_veil_falls_and_then_stays_down() -> None:
    made = play(set(range(15)), 90)
    told = [(slot, picture) for slot, picture in enumerate(made[15:], 15) if picture is not None]
    assert (told[0][0] - 14) * SLOT_S == pytest.approx(GAP_S, abs=SLOT_S)
    states = [picture.tracking for _, picture in told]
    assert set(states[:12]) == {"held"}
    assert set(states[14:]) == {"searching"}
    sharp = [detail(picture) for _, picture in told[:13]]
    assert sharp == sorted(sharp, reverse=True), "the veil only ever falls"
    assert detail(told[-1][1]) < 1.0
    assert not told[-1][1].is_swapped


def test_no_step_of_the_falling_or_lifting_veil_is_a_flash() -> None:
    made = play(set(range(15)) | set(range(60, 90)), 90)
    shown = [image(picture).astype(np.int16) for picture in made if picture is not None]
    steps = [float(np.abs(after - before).mean()) for before, after in pairwise(shown)]
    veil = float(np.abs(shown[14] - shown[28]).mean())
    assert max(steps[15:]) < veil / 3, "the whole veil in one step would be a flash"
    assert made[-1] is not None
    assert made[-1].tracking == "locked"
    assert made[-1].is_swapped


def test_behind_the_veil_a_picture_comes_now_and_then_not_at_every_slot() -> None:
    made = play(set(range(15)), 120)
    late = [slot for slot, picture in enumerate(made) if picture is not None and slot > 60]
    assert len(late) == pytest.approx((120 - 60) * SLOT_S / STILL_S, abs=1)


def test_a_video_that_never_came_is_black_glass() -> None:
    made = [picture for picture in play(set(), 60) if picture is not None]
    assert 3 <= len(made) <= 5
    assert max(int(image(picture).max()) for picture in made) < 12


def test_a_veiled_mirror_that_is_unveiled_during_a_drought_shows_nothing_old() -> None:
    engine = MeshWarp(Options())
    seen = Look(source=engine.prepare(another_face()))
    hidden = Look(source=seen.source, is_veiled=True)
    maker = MirrorMaker(Unsteady(set(range(10))), engine, FaceMesh(), 90)
    looks = [seen] * 10 + [hidden] * 40 + [seen] * 40
    made = [maker.make(look, 100.0 + slot * SLOT_S) for slot, look in enumerate(looks)]
    assert max(detail(picture) for picture in made[20:] if picture is not None) < 1.0
