"""How alike two faces look, without any recognition network: for reports and tests, not for telling people apart.

Both faces are laid onto one canonical shape through the face mesh, so that pose, size and expression drop out; light is evened
out; what is compared is the drawing of brows, eyes, nose and skin (oriented gradients), without colour and without the outline
of the head, hair and mouth.

What the number is not: an identity distance. It cannot verify a person, it has no calibrated threshold, and an engine that
pastes the photo's own pixels (mesh_warp) is flattered by it. It answers one question well: is a swapped frame closer to the
visitor's photo than to the bare virtual human?
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from services.faceswap import topology
from services.faceswap.arrays import Bytes, Floats, bytes_of, floats
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import Image, Points
from services.faceswap.sources.stand_in.drawing import load_portrait
from services.faceswap.warping import Box, Mesh, fill_uncovered, full_map, look_up, polygon_mask, warp_grid
from shared.errors import BadInput

_SIDE = 128
_CELL = 8
_BINS = 9


def similarity(photo_a: Image, photo_b: Image) -> float:
    """How alike the largest faces of two pictures look.

    Args:
        photo_a: A picture with a face, shape (height, width, 3), BGR, any size.
        photo_b: Another.

    Returns:
        -1..1: 1 for the same picture, about 0.2 for two people in different light; see the module's text for what it is not.

    Raises:
        BadInput: There is no face in one of them.
        EngineUnavailable: The face mesh's model files are missing.
    """
    mesh = FaceMesh()
    return compare(describe(photo_a, mesh), describe(photo_b, mesh))


def compare(a: Floats, b: Floats) -> float:
    """Cosine of two descriptions, -1..1."""
    return float(a @ b / max(1e-9, float(np.linalg.norm(a) * np.linalg.norm(b))))


def describe(photo: Image, mesh: FaceMesh) -> Floats:
    """A face as numbers, shape (n,), mean taken out. Raises BadInput if there is none."""
    mesh.forget()
    points = mesh.track(photo)
    mesh.forget()
    if points is None:
        raise BadInput("likeness: no face found in the picture; use one with the whole face toward the camera")
    face = _canonical_face(photo, points)
    grey = floats(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY))
    even = grey - cv2.GaussianBlur(grey, (0, 0), 12)
    even /= np.sqrt(cv2.GaussianBlur(even * even, (0, 0), 16)) + 4.0
    cells = _gradient_cells(floats(cv2.GaussianBlur(even, (0, 0), 1.2)))
    counted = cells[_counted_cells()]
    return floats((counted - counted.mean(axis=0)).ravel())


def _canonical_face(photo: Image, points: Points) -> Bytes:
    """The face on the canonical shape, shape (128, 128, 3)."""
    box = Box(0, 0, _SIDE, _SIDE)
    mesh, target = Mesh(points[:, :2], topology.triangles()), _canonical_points()
    return look_up(photo, full_map(mesh, target, fill_uncovered(warp_grid(mesh, target, box, 1)), ()))


@cache
def _canonical_points() -> Points:
    """The mesh of the built-in portrait, turned to face us, filling the square."""
    _, points = load_portrait()
    across = points[topology.LEFT_CHEEKBONE] - points[topology.RIGHT_CHEEKBONE]
    yaw = np.arctan2(across[2], across[0])
    middle = points.mean(axis=0)
    x, z = points[:, 0] - middle[0], points[:, 2] - middle[2]
    frontal = np.stack([x * np.cos(yaw) + z * np.sin(yaw), points[:, 1] - middle[1], z * np.cos(yaw)], axis=1)
    low, high = frontal.min(axis=0), frontal.max(axis=0)
    return floats((frontal - low) / (high - low)[:2].max() * (_SIDE - 9) + 4)


@cache
def _counted_cells() -> NDArray[np.bool_]:
    """Cells that belong to brows, eyes, nose and cheeks; the mouth moves and the outline is the virtual human's."""
    points, box = _canonical_points(), Box(0, 0, _SIDE, _SIDE)
    oval = points[list(topology.OVAL), :2]
    middle = oval.mean(axis=0)
    inner = polygon_mask(floats(middle + 0.86 * (oval - middle)), box)
    lips = polygon_mask(points[list(topology.OUTER_LIPS)], box)
    wanted = cv2.subtract(inner, cv2.dilate(lips, np.ones((9, 9), np.uint8)))
    brow = float(points[[*topology.RIGHT_BROW, *topology.LEFT_BROW], 1].min())
    wanted[: max(0, int(brow) - _CELL)] = 0
    share = cv2.resize(wanted, (_SIDE // _CELL, _SIDE // _CELL), interpolation=cv2.INTER_AREA)
    return np.asarray(bytes_of(share) > 127)


def _gradient_cells(grey: Floats) -> Floats:
    """Histograms of gradient direction per cell, each of unit length, shape (16, 16, 9)."""
    dx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3)
    dy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3)
    size, angle = np.hypot(dx, dy), np.mod(np.arctan2(dy, dx), np.pi) / np.pi * _BINS
    cells = np.zeros((_SIDE // _CELL, _SIDE // _CELL, _BINS), np.float32)
    low = np.floor(angle).astype(int) % _BINS
    part = angle - np.floor(angle)
    row, column = np.mgrid[0:_SIDE, 0:_SIDE] // _CELL
    np.add.at(cells, (row, column, low), size * (1 - part))
    np.add.at(cells, (row, column, (low + 1) % _BINS), size * part)
    return floats(cells / (np.linalg.norm(cells, axis=2, keepdims=True) + 0.5))
