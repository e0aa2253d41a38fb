"""Laying a swapped square back onto a frame: where it goes, how its rim fades, and nothing beyond its own rectangle.

The usual way (insightface) warps face and mask over the whole frame, erodes the mask with a box, blurs it and blends in
floats: 31 to 138 ms a face. None of that has to be done on the frame. A square eroded by an upright box is a smaller square,
and a blurred edge is an error function; so the very same mask is the product of two profiles along the square's own sides.
It is made once on a small grid, kept, and warped like the face. What is left is one rectangle in integers: 2 to 8 ms, one to three
levels from insightface's picture, at most one from the same maths on the whole frame (`lay_on_whole_frame`).
"""

import math
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from services.faceswap.arrays import Floats, bytes_of, floats
from services.faceswap.face_swapper import Image, Mask, Patch

Affine = NDArray[np.float64]
"""Shape (2, 3)."""

_GRID = 256
"""Cells a side of a kept mask: the rim is 0.015 of the side wide, so that 128 would show its own cells (2 levels)."""
_VISIBLE = 20 / 255
"""insightface counts a pixel as inside from this weight of the warped white square on."""
_STEP = 1 / 8192
"""Insets and widths of kept masks are rounded to this share of the side: less than half a level."""
_OVAL = (0.43, 0.44, 0.025)
"""Half width, half height and softness of the oval, shares of the side. At the square's rim 0.5 % is left: no edge is seen."""

_COARSE = 64
"""Cells a side on which a face's outline is drawn: the rim is soft anyway."""
_BEYOND = 0.03
"""How far beyond the mesh's outline a face may be swapped, shares of its size: the mesh ends a little inside the cheek."""


class Feather(NamedTuple):
    """How much of a swapped square counts."""

    weights: Mask
    """Shape (256, 256), over the whole square."""
    shift_px: float
    """By how much the mask lies right of and below the square, pixels of the frame."""


class _Square(NamedTuple):
    """Where a square lies in the frame."""

    inverse: Affine
    """Pixels of the square -> pixels of the frame."""
    scale: float
    """Pixels of the frame to one of the square."""
    spread: float
    """|cos| + |sin| of its turn: how much larger the upright rectangle round it is."""
    corners: NDArray[np.float64]
    """Of its pixels' reach, shape (4, 2), pixels of the frame."""


def square_feather(matrix: Affine, size: int) -> Feather:
    """The mask that insightface would make for a face in this place.

    Args:
        matrix: Frame -> square.
        size: Pixels a side of the square.
    """
    place = _placed(matrix, size, 1.0 - _VISIBLE)
    low, high = np.ceil(place.corners.min(axis=0)), np.floor(place.corners.max(axis=0))
    extent = int(math.sqrt(max(0.0, float((high - low).prod()))))
    eroded, blurred = max(extent // 10, 10), max(extent // 20, 5)
    side = size * place.scale
    inset = (eroded - 1) / 2 * place.spread / side
    sigma = (0.3 * (blurred - 1) + 0.8) / side
    # cv2 erodes with the middle of an even box half a pixel off.
    return Feather(_square_weights(size, round(inset / _STEP), round(sigma / _STEP)), 0.5 if eroded % 2 == 0 else 0.0)


def oval_feather() -> Feather:
    """A soft oval: no box is seen where hair and background went soft in the square's corners."""
    return Feather(_oval_weights(), 0.0)


def within(feather: Feather, outline: Floats) -> Feather:
    """The feather, cut to a face's own outline: behind a turned head nothing of the background is swapped.

    Args:
        feather: Any.
        outline: A closed ring in the square, shape (n, 2), shares of its side.
    """
    middle = outline.mean(axis=0)
    ring = middle + (1.0 + _BEYOND) * (outline - middle)
    cut = np.zeros((_COARSE, _COARSE), np.uint8)
    cv2.fillPoly(cut, [np.rint((ring * _COARSE - 0.5) * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(cut, (0, 0), _OVAL[2] * _COARSE)
    fine = cv2.resize(soft, (_GRID, _GRID), interpolation=cv2.INTER_LINEAR)
    return Feather(np.asarray(cv2.multiply(feather.weights, fine, scale=1 / 255), np.uint8), feather.shift_px)


def lay_back(face: Image, matrix: Affine, feather: Feather, frame_size: tuple[int, int]) -> Patch | None:
    """The square in its place, as a patch no larger than it has to be.

    Args:
        face: Swapped face, shape (size, size, 3).
        matrix: Frame -> square, the one it was cut out with.
        feather: How it fades.
        frame_size: Width and height of the frame.

    Returns:
        None if nothing of the square lies in the frame.
    """
    place = _placed(matrix, face.shape[0], 1.0)
    low = np.maximum(np.floor(place.corners.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(place.corners.max(axis=0)) + 1, frame_size).astype(int)
    if (high - low < 2).any():
        return None
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    # Four channels: cv2 warps them in half the time of three. The border needs no care, the mask is nothing there.
    pixels = cv2.warpAffine(cv2.cvtColor(face, cv2.COLOR_BGR2BGRA), _moved(place.inverse, -low), size)
    mask = cv2.warpAffine(feather.weights, _moved(_mask_matrix(place, face.shape[0], feather), -low), size)
    return Patch(
        left=int(low[0]),
        top=int(low[1]),
        pixels=np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR), np.uint8),
        mask=np.asarray(mask, np.uint8),
    )


def lay_on_whole_frame(frame: Image, face: Image, matrix: Affine, feather: Feather) -> Image:
    """The same maths on the whole frame and in floats: what `lay_back` and `paste` are held against. Slow."""
    place, size = _placed(matrix, face.shape[0], 1.0), (frame.shape[1], frame.shape[0])
    pixels = floats(cv2.warpAffine(cv2.cvtColor(face, cv2.COLOR_BGR2BGRA), place.inverse, size)[..., :3])
    mask = floats(cv2.warpAffine(feather.weights, _mask_matrix(place, face.shape[0], feather), size))[..., None] / 255
    return bytes_of(mask * pixels + (1.0 - mask) * frame)


def _placed(matrix: Affine, size: int, reach: float) -> _Square:
    """A square whose pixels reach `reach` beyond their middles."""
    inverse = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    low, high = -reach, size - 1 + reach
    corners = np.array([[low, low], [high, low], [high, high], [low, high]])
    scale = math.hypot(inverse[0, 0], inverse[1, 0])
    spread = (abs(inverse[0, 0]) + abs(inverse[1, 0])) / max(scale, 1e-9)
    return _Square(inverse, scale, spread, corners @ inverse[:, :2].T + inverse[:, 2])


def _mask_matrix(place: _Square, size: int, feather: Feather) -> Affine:
    """Cells of the mask -> pixels of the frame. Middles of cells and pixels are at whole numbers."""
    cell = size / _GRID
    to_square = np.array([[cell, 0, cell / 2 - 0.5], [0, cell, cell / 2 - 0.5], [0, 0, 1]])
    return _moved(place.inverse @ to_square, np.full(2, feather.shift_px))


def _moved(matrix: Affine, by: NDArray[np.floating] | NDArray[np.signedinteger]) -> Affine:
    moved = matrix.copy()
    moved[:, 2] += by
    return moved


@lru_cache(maxsize=128)
def _square_weights(size: int, inset: int, sigma: int) -> Mask:
    """Inset and softness in steps of the side."""
    beyond = (1.0 - _VISIBLE - 0.5) / size
    low, high = inset * _STEP - beyond, 1.0 - inset * _STEP + beyond
    width = max(sigma * _STEP, 1e-6) * math.sqrt(2.0)
    middles = ((cell + 0.5) / _GRID for cell in range(_GRID))
    profile = floats([0.5 * (math.erf((x - low) / width) - math.erf((x - high) / width)) for x in middles])
    return _kept(255.0 * np.outer(profile, profile))


@lru_cache(maxsize=1)
def _oval_weights() -> Mask:
    half_width, half_height, soft = _OVAL
    x = (np.arange(_GRID) + 0.5) / _GRID - 0.5
    radius = np.hypot(x[None] / half_width, x[:, None] / half_height)
    inside = (1.0 - radius) * min(half_width, half_height) / soft
    return _kept(floats(255.0 / (1.0 + np.exp(-1.702 * np.clip(inside, -30, 30)))))


def _kept(weights: Floats | NDArray[np.floating]) -> Mask:
    """As a mask that nobody can change: it is shared."""
    mask = bytes_of(weights)
    mask.setflags(write=False)
    return mask
