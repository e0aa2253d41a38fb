import numpy as np
import pytest

from services.faceswap import topology
from services.faceswap.alignment import Square, crop_matrix, similarity, square_around_mesh
from services.faceswap.arrays import floats
from services.faceswap.blending import light_ratio, paste, relight, veiled
from services.faceswap.face_swapper import Patch
from services.faceswap.newest import NewestOnly
from services.faceswap.smoothing import OneEuro, Smoothed
from services.faceswap.sources.stand_in.drawing import load_portrait
from services.faceswap.warping import Box, Mesh, box_around, fill_uncovered, full_map, look_up, warp_grid


def picture(seed: int = 0, height: int = 60, width: int = 80) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


# --- alignment


def test_a_similarity_is_found_again() -> None:
    source = np.random.default_rng(1).normal(size=(20, 2))
    turn = 1.7 * np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    target = source @ turn.T + [3.0, -2.0]
    found = similarity(source, target)
    assert np.allclose(found, np.hstack([turn, [[3.0], [-2.0]]]))


def test_the_middle_of_a_square_is_the_middle_of_its_crop() -> None:
    matrix = crop_matrix(Square(100.0, 50.0, 80.0, 0.3), 192)
    assert np.allclose(matrix @ [100.0, 50.0, 1.0], [96.0, 96.0])


def test_the_square_round_a_mesh_turns_with_the_head() -> None:
    _, points = load_portrait()
    turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    turned = points.copy()
    turned[:, :2] = points[:, :2] @ turn.T
    assert square_around_mesh(turned).angle - square_around_mesh(points).angle == pytest.approx(0.5, abs=1e-4)
    assert square_around_mesh(turned).side == pytest.approx(square_around_mesh(points).side, rel=1e-4)


# --- blending


def test_nothing_outside_a_patch_changes_and_full_cover_is_exact() -> None:
    frame, pixels = picture(1), picture(2, 20, 30)
    mask = np.full((20, 30), 255, np.uint8)
    out = paste(frame, Patch(left=10, top=15, pixels=pixels, mask=mask))
    assert (out[15:35, 10:40] == pixels).all()
    out[15:35, 10:40] = frame[15:35, 10:40]
    assert (out == frame).all()


def test_a_patch_is_blended_exactly() -> None:
    frame, pixels = picture(1, 20, 30), picture(2, 20, 30)
    mask = np.random.default_rng(3).integers(0, 256, (20, 30)).astype(np.uint8)
    out = paste(frame, Patch(left=0, top=0, pixels=pixels, mask=mask))
    weight = mask[..., None] / 255
    assert np.abs(out - (pixels * weight + frame * (1 - weight))).max() <= 0.5 + 1e-9


def test_a_relit_patch_has_the_light_of_what_lies_under_it() -> None:
    patch = np.full((64, 64, 3), 120, np.uint8)
    under = np.full((64, 64, 3), 60, np.uint8)
    lit = relight(patch, light_ratio(patch, under, np.full((64, 64), 255, np.uint8)))
    assert np.abs(lit.astype(int) - 60).max() <= 5


def test_a_veil_of_nothing_is_the_frame_itself_and_a_full_one_hides_every_edge() -> None:
    frame = picture(4, 480, 640)
    assert veiled(frame, 0.0) is frame
    hidden = veiled(frame, 1.0).astype(int)
    assert np.abs(np.diff(hidden, axis=1)).max() <= 2
    assert hidden.mean() < 0.7 * frame.mean()


# --- smoothing, hand-over


def test_the_filter_calms_what_stands_still() -> None:
    rng, state = np.random.default_rng(5), None
    still = floats(rng.uniform(0, 300, (50, 3)))
    seen = []
    for _ in range(100):
        state = OneEuro().step(state, floats(still + rng.normal(0, 0.22, still.shape)), 0.04)
        seen.append(state.points)
    assert np.std(seen[50:], axis=0).mean() < 0.15


def test_the_filter_follows_a_swing_within_two_pixels() -> None:
    state: Smoothed | None = None
    base = floats(np.random.default_rng(6).uniform(0, 300, (50, 3)))
    for frame in range(100):
        truth = base + floats([20 * np.sin(2 * np.pi * frame / 25), 0, 0])
        state = OneEuro().step(state, floats(truth), 0.04)
    assert state is not None
    assert np.abs(state.points - truth).max() < 2.0


def test_a_slot_hands_out_only_the_newest_and_counts_the_rest() -> None:
    slot: NewestOnly[int] = NewestOnly()
    for number in range(5):
        slot.put(number)
    assert (slot.take(), slot.take(), slot.dropped) == (4, None, 4)


# --- warping


def test_a_mesh_laid_on_itself_shows_the_texture_unchanged() -> None:
    portrait, points = load_portrait()
    mesh = Mesh(np.ascontiguousarray(points[:, :2]), topology.triangles())
    box = box_around(points, -0.25, Box(0, 0, 640, 640))
    grid = warp_grid(mesh, points, box, 4)
    where = full_map(mesh, points, fill_uncovered(grid), ())
    part = portrait[box.top : box.bottom, box.left : box.right]
    covered = np.kron(grid.covered, np.ones((4, 4), bool))[: box.size[1], : box.size[0]]
    # Eyes and mouth are left open by the mesh; close to them the nearest skin is shown.
    inside = (
        covered & np.roll(covered, 4, 0) & np.roll(covered, -4, 0) & np.roll(covered, 4, 1) & np.roll(covered, -4, 1)
    )
    assert np.abs(look_up(portrait, where).astype(int) - part)[inside].mean() < 0.5


def test_triangles_that_show_their_back_are_not_drawn() -> None:
    source = floats([[0, 0], [10, 0], [0, 10]])
    mesh = Mesh(source, np.array([[0, 1, 2]], np.int32))
    seen = floats([[0, 0, 0], [20, 0, 0], [0, 20, 0]])
    turned = seen[:, [1, 0, 2]]
    box = Box(0, 0, 20, 20)
    assert warp_grid(mesh, seen, box, 1).covered.any()
    assert not warp_grid(mesh, floats(turned), box, 1).covered.any()


def test_the_nearer_triangle_hides_the_farther() -> None:
    source = floats([[0, 0], [1, 0], [0, 1], [100, 100], [101, 100], [100, 101]])
    mesh = Mesh(source, np.array([[0, 1, 2], [3, 4, 5]], np.int32))
    place = [[0, 0], [30, 0], [0, 30]]
    for near in (0, 1):
        depth = [5.0 if which == near else 9.0 for which in (0, 1)]
        target = floats([[*at, depth[which]] for which in (0, 1) for at in place])
        grid = warp_grid(mesh, target, Box(0, 0, 10, 10), 1)
        assert (grid.source[2, 2, 0] > 50) == (near == 1)


def test_the_portraits_own_mesh_has_no_folded_triangle() -> None:
    _, points = load_portrait()
    a, b, c = (points[topology.triangles()[:, corner], :2] for corner in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (np.sign(area) == np.sign(np.median(area))).all()
