"""Eyeballs are laid rigidly behind the lids: a closing lid covers the iris instead of squashing it."""

import cv2
import numpy as np

from services.faceswap import topology
from services.faceswap.arrays import Bytes, Floats, bytes_of, floats
from services.faceswap.warping import Box, box_around, look_up, polygon_mask

STRAIGHT = (0.0, 0.0)
RINGS = (topology.RIGHT_EYE, topology.LEFT_EYE)
_REACH = 0.62
"""How far from the middle of the eye, in eye widths, a turned eyeball's surface moves along."""
_LID_SHADOW = 0.35
"""How much the upper lid darkens the eyeball right below it."""


def eye_boxes(face: Floats, outer: Box, margin: float) -> tuple[Box, ...]:
    """The rectangle round each eye, widened by `margin` eye widths, within `outer`."""
    return tuple(box_around(face[list(ring)], margin, outer) for ring in RINGS)


def lay_eyeballs(
    pixels: Bytes, box: Box, texture: Bytes, source: Floats, face: Floats, gaze: tuple[float, float] = STRAIGHT
) -> None:
    """Both eyeballs laid between the lids, in place.

    Args:
        pixels: The warped face, shape (height, width, channels), covering `box` of the output.
        box: Where it lies.
        texture: What it is taken from, the same number of channels.
        source: Landmarks in the texture, shape (>= 468, 2 or 3).
        face: Landmarks in the output, shape (>= 468, 2 or 3).
        gaze: How far the irises are shifted in the output, in eye widths: x to the right, y down.
    """
    for ring in RINGS:
        outline = face[list(ring), :2]
        part = box_around(outline, 0.05, box)
        if min(part.size) < 3:
            continue
        mask = polygon_mask(outline, part)
        if not mask.any():
            continue
        matrix = _eye_matrix(source, face, ring)
        is_turned = gaze != STRAIGHT
        eyeball = (
            _turned(texture, matrix, part, _shift(part, face, ring, gaze))
            if is_turned
            else _straight(texture, matrix, part)
        )
        eyeball[..., :3] *= _lid_shadow(mask, outline)[..., None]
        weight = mask[..., None].astype(np.float32) / 255
        region = pixels[part.within(box)]
        region[:] = bytes_of(region + weight * (eyeball - region))


def _lid_shadow(mask: Bytes, outline: Floats) -> Floats:
    """Brightness under the lid, shape of the mask: darker at the top, where the lid and its lashes throw a shadow."""
    height = max(2, round(0.16 * float(np.linalg.norm(outline[8] - outline[0]))))
    lowered = np.roll(mask, height, axis=0)
    lowered[:height] = 0
    lit = cv2.GaussianBlur(lowered, (0, 0), height * 0.6).astype(np.float32) / 255
    return floats(1.0 - _LID_SHADOW * (1.0 - lit))


def _straight(texture: Bytes, matrix: Floats, part: Box) -> Floats:
    """The eyeball as it is in the texture, shape (height, width, channels): no map is needed."""
    shifted = matrix.astype(np.float64)
    shifted[:, 2] += matrix[:, :2] @ part.corner
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return floats(cv2.warpAffine(texture, shifted, part.size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _turned(texture: Bytes, matrix: Floats, part: Box, shift: Floats) -> Floats:
    """The eyeball after its surface moved by `shift`, shape (height, width, channels)."""
    at = _pixels(part) - shift
    return floats(look_up(texture, floats(at @ matrix[:, :2].T + matrix[:, 2])))


def _pixels(part: Box) -> Floats:
    """Horizontal and vertical place of every pixel, shape (height, width, 2)."""
    x = np.arange(part.left, part.right, dtype=np.float32)
    y = np.arange(part.top, part.bottom, dtype=np.float32)
    return np.stack(np.meshgrid(x, y), axis=-1)


def _shift(part: Box, face: Floats, ring: tuple[int, ...], gaze: tuple[float, float]) -> Floats:
    """How far the eyeball's surface moved at each pixel: all the way in the middle, not at all beyond the corners."""
    corners = face[[ring[0], ring[8]], :2]
    width = float(np.linalg.norm(corners[1] - corners[0]))
    away = np.linalg.norm((_pixels(part) - corners.mean(axis=0)) / (_REACH * width), axis=-1)
    return floats(np.clip(1.0 - away**2, 0.0, 1.0)[..., None] * floats(gaze) * width)


def _eye_matrix(source: Floats, face: Floats, ring: tuple[int, ...]) -> Floats:
    """Output -> texture for one eyeball, shape (2, 3): corner on corner; one opened wider than the texture's is stretched."""
    corners = [ring[0], ring[8]]
    here, there = face[corners, :2].astype(np.float64), source[corners, :2].astype(np.float64)
    across, wanted = here[1] - here[0], there[1] - there[0]
    width, wanted_width = max(1e-6, float(np.linalg.norm(across))), max(1e-6, float(np.linalg.norm(wanted)))
    scale = wanted_width / width
    high = min(1.0, _height(source, ring) / max(1e-6, _height(face, ring) * scale))
    u, v = across / width, wanted / wanted_width
    output_axes = np.array([u, [-u[1], u[0]]])
    texture_axes = np.array([v, [-v[1], v[0]]]).T
    linear = texture_axes @ np.diag([scale, scale * high]) @ output_axes
    return floats(np.hstack([linear, (there.mean(axis=0) - linear @ here.mean(axis=0))[:, None]]))


def _height(points: Floats, ring: tuple[int, ...]) -> float:
    """How far the lids of an eye stand apart in the middle."""
    return float(np.linalg.norm(points[ring[4], :2] - points[ring[12], :2]))
