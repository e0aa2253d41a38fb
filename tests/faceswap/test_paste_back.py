"""The paste-back: the same picture as on the whole frame, wherever the face lies; and insightface's, without its work."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.faceswap.arrays import Floats, floats
from services.faceswap.blending import paste
from services.faceswap.face_swapper import Image
from services.faceswap.paste_back import (
    Affine,
    Feather,
    lay_back,
    lay_on_whole_frame,
    oval_feather,
    square_feather,
    within,
)
from services.faceswap.templates import TEMPLATES, onto_template

WIDTH, HEIGHT = 320, 240


def noise(seed: int, height: int, width: int) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def five_at(x: float, y: float, side: float, turn: float = 0.1) -> Floats:
    """Five points of a face whose square has this middle, side and turn."""
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return floats((TEMPLATES["arcface_128"] - 0.5) * side @ rotation.T + [x, y])


def placed(x: float, y: float, side: float, turn: float = 0.1) -> Affine:
    return onto_template(five_at(x, y, side, turn), "arcface_128", 128)


def laid(frame: Image, face: Image, matrix: Affine, feather: Feather) -> Image:
    patch = lay_back(face, matrix, feather, (frame.shape[1], frame.shape[0]))
    return frame.copy() if patch is None else paste(frame, patch)


@settings(deadline=None, max_examples=60)
@given(
    x=st.floats(-60, WIDTH + 60), y=st.floats(-60, HEIGHT + 60), side=st.floats(40, 300), turn=st.floats(-3.1, 3.1),
    is_oval=st.booleans(),
)  # fmt: skip
def test_wherever_the_face_lies_the_picture_is_that_of_the_whole_frame_to_one_level(
    x: float, y: float, side: float, turn: float, is_oval: bool
) -> None:
    frame, face, matrix = noise(1, HEIGHT, WIDTH), noise(2, 128, 128), placed(x, y, side, turn)
    feather = oval_feather() if is_oval else square_feather(matrix, 128)
    apart = laid(frame, face, matrix, feather).astype(int) - lay_on_whole_frame(frame, face, matrix, feather)
    assert np.abs(apart).max() <= 1


@pytest.mark.parametrize(("x", "y"), [(0, 120), (319, 120), (160, 0), (160, 239), (0, 0), (319, 239)])
def test_a_face_cut_by_the_frames_edge_shows_no_dark_border(x: float, y: float) -> None:
    white = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    matrix = placed(x, y, 150)
    assert laid(white, np.full((128, 128, 3), 255, np.uint8), matrix, square_feather(matrix, 128)).min() >= 254


def test_nothing_of_a_face_outside_the_frame_is_laid() -> None:
    matrix = placed(900, 900, 100)
    assert lay_back(noise(2, 128, 128), matrix, oval_feather(), (WIDTH, HEIGHT)) is None


def test_outside_the_square_not_one_level_changes() -> None:
    frame, matrix = noise(1, HEIGHT, WIDTH), placed(160, 120, 90)
    changed = np.argwhere((laid(frame, noise(2, 128, 128), matrix, square_feather(matrix, 128)) != frame).any(axis=2))
    assert changed.min(axis=0).tolist() >= [120 - 52, 160 - 52]
    assert changed.max(axis=0).tolist() <= [120 + 52, 160 + 52]


@pytest.mark.parametrize("mask", ["oval", "square"])
def test_the_middle_is_all_face_and_the_rim_is_frame(mask: str) -> None:
    matrix = placed(160, 120, 200, 0.0)
    feather = oval_feather() if mask == "oval" else square_feather(matrix, 128)
    weights = feather.weights
    assert weights[118:138, 118:138].min() == 255
    assert max(weights[0].max(), weights[-1].max(), weights[:, 0].max(), weights[:, -1].max()) <= 5


def test_an_outline_cuts_a_mask_and_never_adds_to_it() -> None:
    half = floats([[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]])
    cut, whole = within(oval_feather(), half).weights.astype(int), oval_feather().weights.astype(int)
    assert (cut <= whole).all()
    assert cut[:, 160:].max() == 0
    assert np.abs(cut[:, 48:96] - whole[:, 48:96]).max() <= 3


def test_a_mask_that_is_kept_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        oval_feather().weights[0, 0] = 1


@pytest.mark.engine
@pytest.mark.parametrize("turn", [0.0, 0.12, 0.35, -0.8])
@pytest.mark.parametrize(("side", "frame_size"), [(251, (1280, 720)), (360, (1280, 720)), (540, (1920, 1080))])
def test_the_picture_is_insightfaces_own_to_three_levels(turn: float, side: float, frame_size: tuple[int, int]) -> None:
    pytest.importorskip("insightface")
    from services.faceswap.engines.inswapper_oracle import LibrarySwapper

    width, height = frame_size
    ramp = np.add.outer(np.linspace(40, 200, height), np.linspace(0, 40, width))
    frame = np.repeat(ramp[..., None], 3, axis=2).astype(np.uint8)
    five = five_at(0.47 * width + 0.3, 0.5 * height + 0.2, side, turn)
    matrix = onto_template(five, "arcface_128", 128)
    face = np.clip(laid(np.zeros((128, 128, 3), np.uint8), frame[:128, :128], np.eye(2, 3), oval_feather()), 90, 170)
    ours = laid(frame, face, matrix, square_feather(matrix, 128))
    theirs = LibrarySwapper(face).swap(frame, five)
    assert np.abs(ours.astype(int) - theirs).max() <= 3
