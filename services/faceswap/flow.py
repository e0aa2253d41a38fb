"""How a head moved between two frames, by optical flow round it alone: a quarter of what the whole frame would cost.

It carries the mesh through the few frames in which no face is seen, and a detector's points from one detection to the next.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from services.faceswap.alignment import eye_distance, similarity
from services.faceswap.face_swapper import Image, Points
from services.faceswap.warping import Box, box_around

_ANCHORS = (33, 133, 362, 263, 1, 4, 61, 291, 10, 152, 50, 280, 107, 336, 168, 199)
"""Landmarks on corners and edges, spread over the face."""
_ROOM = 0.35
"""Seen around the face, in face sizes: how far it may have moved since the last frame."""
_WINDOW = (21, 21)
_MAX_RETURN_PX = 2.0
"""A point that, followed forth and back, ends farther away than this was not followed."""
_MAX_MISFIT = 0.06
"""Mean error of the fitted motion, in eye distances: beyond it the points did not move as one head."""


def carry(before: Image, now: Image, points: Points) -> Points | None:
    """The landmarks of `before` where they are in `now`, or None if the motion is not that of one head."""
    matrix = motion(before, now, points)
    if matrix is None:
        return None
    carried = points.copy()
    carried[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return carried


def motion(before: Image, now: Image, points: Points) -> NDArray[np.float64] | None:
    """How a head moved from one frame to the next: rotation, scale and shift.

    Args:
        before: A frame.
        now: The next one, of the same size.
        points: Landmarks in `before`, shape (468, 3).

    Returns:
        Affine matrix, shape (2, 3), pixels of `before` -> pixels of `now`; None if what moved was not one head.
    """
    height, width = before.shape[:2]
    box = box_around(points, _ROOM, Box(0, 0, width, height))
    if now.shape != before.shape or min(box.size) < 2 * _WINDOW[0]:
        return None
    old, new = _grey(before, box), _grey(now, box)
    start = np.ascontiguousarray(points[list(_ANCHORS), :2] - box.corner).reshape(-1, 1, 2)
    there, found, _ = cv2.calcOpticalFlowPyrLK(old, new, start, start.copy(), winSize=_WINDOW, maxLevel=3)
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(new, old, there, there.copy(), winSize=_WINDOW, maxLevel=3)
    is_good = (found.ravel() > 0) & (found_back.ravel() > 0)
    is_good &= np.linalg.norm((back - start).reshape(-1, 2), axis=1) < _MAX_RETURN_PX
    if int(is_good.sum()) < 6:
        return None
    source = start.reshape(-1, 2)[is_good] + box.corner
    target = there.reshape(-1, 2)[is_good] + box.corner
    matrix = similarity(source, target)
    misfit = np.linalg.norm(source @ matrix[:, :2].T + matrix[:, 2] - target, axis=1).mean()
    return matrix if misfit <= _MAX_MISFIT * eye_distance(points) else None


def _grey(frame: Image, box: Box) -> Image:
    region = frame[box.top : box.bottom, box.left : box.right]
    return np.asarray(cv2.cvtColor(region, cv2.COLOR_BGR2GRAY), np.uint8)
