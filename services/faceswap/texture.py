"""The visitor's face as a texture: cut out of the photo, the hair above the brows taken away."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from services.faceswap import topology
from services.faceswap.arrays import Floats, bytes_of, floats
from services.faceswap.face_swapper import Image, Points

_MARGIN = 0.12
"""Room around the face, in face sizes: the warp may look a little beyond the mesh."""
_SKIN_FAR = 24.0
"""CIELAB distance from the cheeks at which a pixel above the brows counts as hair (lightness weighs 0.35)."""
_SKIN_SOFT = 10.0


class Texture(NamedTuple):
    """One face, upright as in its photo."""

    pixels: NDArray[np.uint8]
    """BGR and how much of it may be shown, shape (side, side, 4)."""
    points: Floats
    """The mesh's landmarks in it, shape (468, 2)."""


def texture_of(photo: Image, points: Points, side: int) -> Texture:
    """The face at `points` of a photo, as a square texture of at most `side` pixels."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    size = float((high - low).max())
    corner = (low + high) / 2 - size * (0.5 + _MARGIN)
    span = size * (1 + 2 * _MARGIN)
    # A small face is not blown up: the warp does that once, and better.
    side = int(min(side, np.ceil(span)))
    scale = side / span
    matrix = np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])
    cut = cv2.warpAffine(photo, matrix, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    pixels = np.asarray(cut, np.uint8)
    placed = (points[:, :2] * scale + matrix[:, 2]).astype(np.float32)
    skin = _skin(pixels, placed)
    above = _above_brows(placed, side)
    edge = _near_outline(placed, side)
    shown = (1.0 - _rise(above, 0.0, 1.0)) * (1.0 - edge * (1.0 - skin))
    soft = floats(cv2.GaussianBlur(shown.astype(np.float32), (0, 0), 0.012 * side))
    clean = _without_hair(pixels, skin, above)
    return Texture(np.dstack([clean, bytes_of(255 * soft)]), placed)


def _above_brows(points: Floats, side: int) -> Floats:
    """How far each pixel lies above the brows: 0 at their upper edge (and everywhere below), 1 near the top of the forehead."""
    brows = points[[*topology.RIGHT_BROW, *reversed(topology.LEFT_BROW)]]
    edge = np.interp(np.arange(side), brows[:, 0], brows[:, 1])
    forehead = max(4.0, 0.8 * float(edge.mean() - points[topology.FOREHEAD, 1]))
    row = np.arange(side, dtype=np.float32)[:, None]
    return floats(np.clip((edge[None] - row) / forehead, 0, 1))


def _near_outline(points: Floats, side: int) -> Floats:
    """1 outside the face and at its outline, 0 in its inner four fifths, soft between."""
    oval = points[list(topology.OVAL)]
    centre = oval.mean(axis=0)
    inner = np.zeros((side, side), np.uint8)
    cv2.fillPoly(inner, [np.rint(centre + 0.84 * (oval - centre)).astype(np.int32)], 255)
    return floats(1.0 - cv2.GaussianBlur(inner, (0, 0), 0.03 * side) / 255.0)


def _rise(x: Floats, low: float, high: float) -> Floats:
    """Smooth step from 0 at `low` to 1 at `high`."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return floats(t * t * (3 - 2 * t))


def _skin(pixels: Image, points: Floats) -> Floats:
    """How much each pixel looks like the cheeks, 0..1, shape (side, side)."""
    lab = cv2.cvtColor(cv2.GaussianBlur(pixels, (0, 0), 2), cv2.COLOR_BGR2LAB).astype(np.float32)
    where = np.clip(np.rint(points[list(topology.CHEEKS)]).astype(int), 0, pixels.shape[0] - 1)
    cheek = np.median(lab[where[:, 1], where[:, 0]], axis=0)
    far = np.sqrt((((lab - cheek) * floats([0.35, 1.0, 1.0])) ** 2).sum(axis=2))
    return floats(np.clip((_SKIN_FAR - far) / _SKIN_SOFT, 0, 1))


def _without_hair(pixels: Image, skin: Floats, above: Floats) -> Image:
    """Hair above the brows replaced by the tone of the skin below it: no fringe is pasted, and no line where it began."""
    side = pixels.shape[0]
    # Only skin from the brows down may lend its tone: highlights in hair pass for skin.
    weight = (skin * (above <= 0.02))[..., None] + 1e-4
    lent = cv2.GaussianBlur(pixels * weight, (0, 0), 0.09 * side)
    tone = lent / cv2.GaussianBlur(weight, (0, 0), 0.09 * side)[..., None]
    hair = cv2.dilate(1.0 - skin, np.ones((5, 5), np.uint8)) * _rise(above, 0.02, 0.12)
    take = np.maximum(cv2.GaussianBlur(hair, (0, 0), 0.02 * side), 0)[..., None] * _rise(above, 0.0, 0.1)[..., None]
    take = np.clip(take * 1.4, 0, 1)
    return bytes_of(pixels * (1 - take) + tone * take)
