"""How far the lids are closed, read from the pixels: the mesh alone sees an open eye in most blinks.

An eye's opening is dark (iris, pupil, lashes), its lid is skin. The share of dark pixels between the corners, against the
largest share seen lately, is how far the eye is open. Nothing is learned but two numbers an eye.
"""

import cv2
import msgspec
import numpy as np

from services.faceswap import topology
from services.faceswap.arrays import Bytes, Floats
from services.faceswap.face_swapper import Image, Points

_WIDE, _HIGH = 40, 20
"""Pixels of the crop of one eye: one eye width with a tenth to spare on both sides."""
_FORGET_PER_S = 0.06
"""How fast the largest share fades: light and pose change over seconds, a blink lasts a third of one."""
_SHUT, _OPEN = 0.42, 0.82
"""Shares (of the largest) at which an eye counts as wholly shut and wholly open: lashes stay dark when it is shut."""
_TOGETHER = 0.9
"""Eyes blink together: what one shows clearly, the other (in shadow, or turned away) follows this far."""
_MIN_DARK = 12.0
"""Levels by which an iris must be darker than the skin to be told from it at all."""

_RIGHT_ABOVE = ((247, 0.35), (30, 0.45), (29, 0.5), (27, 0.5), (28, 0.5), (56, 0.45), (190, 0.35))
_LEFT_ABOVE = ((467, 0.35), (260, 0.45), (259, 0.5), (257, 0.5), (258, 0.5), (286, 0.45), (414, 0.35))
"""Landmarks of the lid's skin, and how much of the lid's way they go."""


class Lids(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of both eyes, right then left."""

    dark: tuple[float, float] = (0.0, 0.0)
    """Largest share of dark pixels lately."""
    depth: tuple[float, float] = (0.0, 0.0)
    """Largest difference between skin and the darkest lately, levels."""
    closed: tuple[float, float] = (0.0, 0.0)
    """How far each lid is down in this frame, 0..1."""


def watch_lids(before: Lids, frame: Image, points: Points, dt_s: float) -> Lids:
    """The lids in one more frame, `dt_s` seconds after the last."""
    keep = float(np.exp(-_FORGET_PER_S * dt_s))
    right = _one_eye(frame, points, topology.RIGHT_EYE, (before.dark[0] * keep, before.depth[0] * keep))
    left = _one_eye(frame, points, topology.LEFT_EYE, (before.dark[1] * keep, before.depth[1] * keep))
    closed = (max(right[2], _TOGETHER * left[2]), max(left[2], _TOGETHER * right[2]))
    return Lids(dark=(right[0], left[0]), depth=(right[1], left[1]), closed=closed)


def close_lids(points: Points, lids: Lids) -> Points:
    """The landmarks with the upper lids brought down as far as they were seen to be."""
    out = points.copy()
    sides = ((topology.RIGHT_EYE, _RIGHT_ABOVE), (topology.LEFT_EYE, _LEFT_ABOVE))
    for (ring, above), closed in zip(sides, lids.closed, strict=True):
        if closed <= 0.0:
            continue
        upper, lower = list(ring[1:8]), list(ring[15:8:-1])
        way = closed * (points[lower, :2] - points[upper, :2])
        out[upper, :2] += 0.94 * way
        middle = way[3]
        for landmark, share in above:
            out[landmark, :2] += share * middle
    return out


def _one_eye(
    frame: Image, points: Points, ring: tuple[int, ...], known: tuple[float, float]
) -> tuple[float, float, float]:
    """Largest dark share, largest depth and how far shut, for one eye."""
    grey = _crop(frame, points[list(ring), :2])
    skin = float(np.median(grey[-4:]))
    depth = max(known[1], skin - float(np.percentile(grey, 4)))
    if depth < _MIN_DARK:
        return known[0], depth, 0.0
    share = float((grey[2:-5, 4:-4] < skin - 0.62 * depth).mean())
    largest = max(known[0], share)
    if largest < 0.03:
        return largest, depth, 0.0
    return largest, depth, float(np.clip((_OPEN - share / largest) / (_OPEN - _SHUT), 0.0, 1.0))


def _crop(frame: Image, ring: Floats) -> Bytes:
    """One eye, level, grey, shape (20, 40); its last rows show the skin below it."""
    corners = ring[[0, 8]] if ring[0, 0] < ring[8, 0] else ring[[8, 0]]
    across = (corners[1] - corners[0]) * np.float32(1.2)
    down = np.array([-across[1], across[0]], np.float32) * np.float32(_HIGH / _WIDE)
    middle = corners.mean(axis=0) + np.float32(0.08) * down
    x_step, y_step = across / _WIDE, down / _HIGH
    origin = middle - across / 2 - down / 2
    # From crop to frame, as WARP_INVERSE_MAP wants it.
    matrix = np.array([[x_step[0], y_step[0], origin[0]], [x_step[1], y_step[1], origin[1]]], np.float64)
    crop = cv2.warpAffine(
        frame,
        matrix,
        (_WIDE, _HIGH),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
