"""What stands between the networks of a swap: templates, the detector's tensors, the latent, the five points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.faceswap.arrays import Floats, floats
from services.faceswap.five_points import Affine, asked, follow, locked, moved
from services.faceswap.latent import AS_IT_IS, EMAP, UNIT, checked_emap, latent_of
from services.faceswap.scrfd import decode, shapes_of
from services.faceswap.templates import TEMPLATES, onto_template
from shared.errors import EngineUnavailable

FACE = floats(TEMPLATES["arcface_112"] * 100 + [40, 30])
EYES_PX = float(np.linalg.norm(FACE[1] - FACE[0]))
STILL: Affine = np.eye(2, 3)


def shifted(x: float, y: float) -> Affine:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y]])


class Said:
    """A detector's answer."""

    def __init__(self, five: Floats | None) -> None:
        self.five = five


# --- templates


def test_the_square_of_128_is_shifted_not_enlarged() -> None:
    assert np.allclose(TEMPLATES["arcface_128"] * 128, TEMPLATES["arcface_112"] * 112 + [8, 0])


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_face_lands_on_its_template(template: str) -> None:
    turn = 1.4 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    five = floats(TEMPLATES[template] * 256 @ turn.T + [100, 80])
    matrix = onto_template(five, template, 256)
    assert np.allclose(moved(five, matrix), TEMPLATES[template] * 256, atol=1e-3)


@pytest.mark.engine
@pytest.mark.parametrize("size", [112, 128, 256])
@pytest.mark.filterwarnings("ignore:.*estimate.*:FutureWarning")
def test_faces_are_aligned_as_insightface_aligns_them(size: int) -> None:
    align = pytest.importorskip("insightface.utils.face_align")
    five = floats(FACE + np.random.default_rng(3).normal(size=(5, 2)) * 3)
    template = "arcface_112" if size == 112 else "arcface_128"
    assert np.allclose(onto_template(five, template, size), align.estimate_norm(five, size), atol=1e-4)


# --- SCRFD


def tensors(side: int) -> list[Floats]:
    return [np.zeros(shape, np.float32) for shape in shapes_of(side)]


def test_the_nine_tensors_are_as_large_as_det_10g_makes_them() -> None:
    assert shapes_of(640) == (
        (12800, 1), (3200, 1), (800, 1), (12800, 4), (3200, 4), (800, 4), (12800, 10), (3200, 10), (800, 10),
    )  # fmt: skip


@pytest.mark.parametrize(("level", "stride"), [(0, 8), (1, 16), (2, 32)])
def test_distances_and_offsets_count_in_strides_from_the_cells_corner(level: int, stride: int) -> None:
    made, row, column = tensors(320), 4, 7
    anchor = (row * (320 // stride) + column) * 2 + 1
    made[level][anchor] = 0.9
    made[level + 3][anchor] = [1, 2, 3, 4]
    made[level + 6][anchor] = np.arange(10) / 10
    [face] = decode(made, 320, 0.5)
    x, y = column * stride, row * stride
    assert face.score == pytest.approx(0.9)
    assert face.box.tolist() == [x - stride, y - 2 * stride, x + 3 * stride, y + 4 * stride]
    assert np.allclose(face.five, [x, y] + np.arange(10).reshape(5, 2) / 10 * stride)


def test_of_overlapping_faces_the_surest_is_kept_and_below_the_threshold_is_none() -> None:
    made = tensors(320)
    for anchor, score in ((100, 0.7), (101, 0.9), (140, 0.8), (150, 0.4)):
        made[1][anchor], made[4][anchor] = score, [1, 1, 1, 1]
    assert [round(face.score, 1) for face in decode(made, 320, 0.5)] == [0.9, 0.8]
    assert decode(tensors(320), 320, 0.5) == []


# --- latent


def test_the_latent_is_the_mapped_unit_embedding_of_unit_length() -> None:
    embedding, emap = np.zeros(512, np.float32), np.eye(512, dtype=np.float32)
    embedding[3], emap[3, 5] = 7.0, 2.0
    latent = latent_of(embedding, EMAP, emap)
    assert latent.shape == (1, 512)
    assert np.linalg.norm(latent) == pytest.approx(1.0)
    assert latent[0, [3, 5]] == pytest.approx(np.array([1, 2]) / 5**0.5)


def test_loudness_of_an_embedding_says_nothing_of_the_person() -> None:
    embedding = floats(np.random.default_rng(1).normal(size=512))
    emap = floats(np.random.default_rng(2).normal(size=(512, 512)))
    assert np.allclose(latent_of(embedding, EMAP, emap), latent_of(3 * embedding, EMAP, emap), atol=1e-6)


def test_other_conventions_leave_the_emap_out() -> None:
    embedding = floats(np.random.default_rng(1).normal(size=512))
    assert np.linalg.norm(latent_of(embedding, UNIT, None)) == pytest.approx(1.0)
    assert (latent_of(embedding, AS_IT_IS, None)[0] == embedding).all()


@pytest.mark.parametrize("bad", [np.zeros(()), np.zeros((512, 256)), np.full((512, 512), np.nan), np.zeros((512, 512))])
def test_what_is_no_emap_is_refused(bad: Floats) -> None:
    with pytest.raises(EngineUnavailable, match="emap"):
        checked_emap(bad, "a file")


# --- five points


def test_between_detections_the_points_move_with_the_head() -> None:
    sight = locked(FACE, FACE)
    for step in range(1, 4):
        sight = follow(sight, floats(FACE + np.array([2 * step, 0])), shifted(2, 0), None)
    assert sight.five is not None
    assert np.allclose(sight.five, FACE + np.array([6, 0]), atol=1e-4)


def test_a_late_answer_is_carried_by_all_motion_since_it_was_asked_for() -> None:
    sight = asked(follow(locked(FACE, None), FACE, STILL, None))
    sight = follow(sight, floats(FACE + np.array([3, 1])), shifted(3, 1), None)
    sight = follow(sight, floats(FACE + np.array([6, 2])), shifted(3, 1), Said(floats(FACE + np.array([1, 0]))))
    assert sight.five is not None
    assert np.allclose(sight.five, FACE + np.array([7, 2]), atol=1e-4)


def test_a_detection_corrects_the_drift_little_by_little() -> None:
    sight = asked(locked(FACE, FACE))
    corrected = follow(sight, FACE, STILL, Said(floats(FACE + np.array([5, 0]))))
    assert corrected.five is not None
    step = float((corrected.five - FACE)[:, 0].mean())
    assert 0.5 < step < 4.0


def test_an_answer_whose_motion_was_lost_is_not_believed() -> None:
    sight = follow(asked(locked(FACE, FACE)), FACE, None, None)
    assert sight.five is None
    assert follow(sight, FACE, STILL, Said(FACE)).five is None


@pytest.mark.parametrize("wrong", [FACE + 0.5 * EYES_PX, np.full((5, 2), np.nan), FACE[::-1]])
def test_a_detection_of_something_else_than_this_face_is_dropped(wrong: Floats) -> None:
    assert locked(FACE, floats(wrong)).five is None
    assert follow(asked(locked(FACE, None)), FACE, STILL, Said(floats(wrong))).five is None


def test_the_detector_is_asked_on_every_third_frame_and_not_while_it_is_busy() -> None:
    sight, frames = locked(FACE, FACE), []
    for frame in range(1, 13):
        sight = follow(sight, FACE, STILL, Said(FACE) if frame in (4, 10) else None)
        if sight.is_due(3):
            frames.append(frame)
            sight = asked(sight)
    assert frames == [3, 6, 10]


def test_a_detector_that_sees_nothing_is_asked_again_and_the_mesh_is_believed() -> None:
    sight = follow(asked(locked(FACE, None)), FACE, STILL, Said(None))
    assert (sight.five, sight.since_asked) == (None, None)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.floats(-4, 4), st.floats(-4, 4), st.floats(-0.05, 0.05)), min_size=1, max_size=8))
def test_motions_add_up(steps: list[tuple[float, float, float]]) -> None:
    sight, at = asked(locked(FACE, FACE)), FACE
    for x, y, turn in steps:
        matrix = np.array([[np.cos(turn), -np.sin(turn), x], [np.sin(turn), np.cos(turn), y]])
        at = moved(at, matrix)
        sight = follow(sight, at, matrix, None)
    assert sight.since_asked is not None
    assert np.allclose(moved(FACE, sight.since_asked), at, atol=1e-2)
