"""What is seen between the stand-in's lips: teeth, tongue and the dark, drawn once and moved with skull and jaw."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from services.faceswap import topology
from services.faceswap.arrays import Floats, floats
from services.faceswap.face_swapper import Image

_WIDTH, _HEIGHT = 240, 160
"""Pixels of the drawn layers; the lip corners lie at (30, 60) and (210, 60)."""
_CORNERS = floats([[30, 60], [210, 60]])
_SHUT_PX = 1.6
"""Lips this close together touch: the portrait's own line between them is all that is seen."""
_IVORY = (106, 141, 168)
_DARK = (13, 10, 24)
_TONGUE = (62, 58, 118)
# Half of a row of teeth, from the middle outward: widths in pixels of the layer.
_UPPER_WIDTHS = (21, 17, 17, 14, 12)
_LOWER_WIDTHS = (13, 14, 15, 14, 12)


class MouthLayers(NamedTuple):
    """Drawn layers with alpha, shape (160, 240, 4): what hangs on the skull, and what on the jaw."""

    upper: NDArray[np.uint8]
    lower: NDArray[np.uint8]


def draw_layers() -> MouthLayers:
    """Both layers, softened to the portrait's own sharpness."""
    upper = np.zeros((_HEIGHT, _WIDTH, 4), np.uint8)
    _row(upper, _UPPER_WIDTHS, top=50, height=30, droop=-6, light=1.0)
    lower = np.zeros((_HEIGHT, _WIDTH, 4), np.uint8)
    cv2.ellipse(lower, (120, 92), (58, 30), 0, 0, 360, (*_TONGUE, 235), -1, cv2.LINE_AA)
    cv2.ellipse(lower, (112, 82), (30, 12), 0, 0, 360, (78, 76, 140, 235), -1, cv2.LINE_AA)
    lower[:] = cv2.GaussianBlur(lower, (0, 0), 6)
    _row(lower, _LOWER_WIDTHS, top=57, height=30, droop=4, light=0.72)
    return MouthLayers(*(np.asarray(cv2.GaussianBlur(layer, (0, 0), 1.6), np.uint8) for layer in (upper, lower)))


def _row(layer: NDArray[np.uint8], widths: tuple[int, ...], *, top: int, height: int, droop: int, light: float) -> None:
    """A row of teeth, drawn into the layer: each darker than its inner neighbour, the row curved by `droop` pixels."""
    for side in (-1, 1):
        x = 120.0
        for width in widths:
            middle = x + side * width / 2
            away = abs(middle - 120) / 90
            y = top + droop * away * away
            tall = height * (1 - 0.30 * away)
            shade = light * (1.0 - 0.72 * away**1.5)
            colour = tuple(int(channel * shade) for channel in _IVORY)
            _tooth(layer, (middle, y, width - 0.4, tall), colour)
            x += side * width


def _tooth(layer: NDArray[np.uint8], where: tuple[float, float, float, float], colour: tuple[int, ...]) -> None:
    """One tooth: a rounded rectangle with centre x, top, width and height."""
    x, y, wide, tall = where
    half, corner = wide / 2, wide * 0.28
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    outline = corner * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    points = []
    for px, py in (
        (half - corner, tall - corner),
        (corner - half, tall - corner),
        (corner - half, 0),
        (half - corner, 0),
    ):
        points.append(outline + np.array([x + px, y + py]))
    hull = cv2.convexHull(np.concatenate(points).astype(np.float32))
    cv2.fillConvexPoly(layer, np.rint(hull * 16).astype(np.int32), (*colour, 255), cv2.LINE_AA, 4)


def paint_mouth(frame: Image, layers: MouthLayers, vertices: Floats, upper: Floats, lower: Floats) -> None:
    """Fill what is open between the lips, in place.

    Args:
        frame: The drawn head.
        layers: From `draw_layers`.
        vertices: Landmarks in the frame, shape (>= 468, 2 or 3).
        upper: Lip corners as the skull carries them, in the frame, shape (2, 2).
        lower: Lip corners as the jaw carries them.
    """
    ring = vertices[list(topology.INNER_LIPS), :2]
    if np.linalg.norm(ring[1:10] - ring[19:10:-1], axis=1).max() < _SHUT_PX:
        return
    low, high = np.floor(ring.min(axis=0)).astype(int) - 3, np.ceil(ring.max(axis=0)).astype(int) + 4
    left, top = max(0, int(low[0])), max(0, int(low[1]))
    right, bottom = min(frame.shape[1], int(high[0])), min(frame.shape[0], int(high[1]))
    if right - left < 4 or bottom - top < 4:
        return
    corner = floats([left, top])
    size = (right - left, bottom - top)
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(mask, [np.rint((ring - corner) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    if not mask.any():
        return
    inside = np.full((size[1], size[0], 3), _DARK, np.float32)
    for layer, carried in ((layers.lower, lower), (layers.upper, upper)):
        seen = cv2.warpAffine(layer, _onto(_CORNERS, carried - corner), size, flags=cv2.INTER_AREA)
        weight = seen[..., 3:].astype(np.float32) / 255
        inside += weight * (seen[..., :3].astype(np.float32) - inside)
    # The lips throw a shadow inward: without it the teeth look painted on.
    reach = max(1.0, 0.10 * float(np.linalg.norm(ring[10] - ring[0])))
    shadow = cv2.GaussianBlur(mask, (0, 0), reach, borderType=cv2.BORDER_CONSTANT).astype(np.float32) / 255
    inside *= np.clip(1.25 * shadow, 0, 1)[..., None] ** 1.3
    region = frame[top:bottom, left:right]
    weight = mask[..., None].astype(np.float32) / 255
    region[:] = np.clip(region + weight * (inside - region), 0, 255).astype(np.uint8)


def _onto(source: Floats, target: Floats) -> NDArray[np.float64]:
    """The similarity that lays two points on two others, shape (2, 3)."""
    a, b = complex(*map(float, source[1] - source[0])), complex(*map(float, target[1] - target[0]))
    turn = b / a
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.hstack([linear, (target[0] - linear @ source[0])[:, None]])
