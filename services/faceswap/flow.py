"""Carries landmarks from one frame into the next by optical flow, for the few frames in which the mesh sees no face."""

import cv2
import numpy as np

from services.faceswap.alignment import eye_distance, similarity
from services.faceswap.arrays import floats
from services.faceswap.face_swapper import Image, Points

_ANCHORS = (33, 133, 362, 263, 1, 4, 61, 291, 10, 152, 50, 280, 107, 336, 168, 199)
"""Landmarks on corners and edges, spread over the face."""
_MAX_RETURN_PX = 2.0
"""A point that, followed forth and back, ends farther away than this was not followed."""
_MAX_MISFIT = 0.06
"""Mean error of the fitted motion, in eye distances: beyond it the points did not move as one head."""


def carry(before: Image, now: Image, points: Points) -> Points | None:
    """The landmarks of `before` where they are in `now`, or None if the motion is not that of one head."""
    old, new = _grey(before), _grey(now)
    start = np.ascontiguousarray(points[list(_ANCHORS), :2]).reshape(-1, 1, 2)
    size = (21, 21)
    there, found, _ = cv2.calcOpticalFlowPyrLK(old, new, start, start.copy(), winSize=size, maxLevel=3)
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(new, old, there, there.copy(), winSize=size, maxLevel=3)
    is_good = (found.ravel() > 0) & (found_back.ravel() > 0)
    is_good &= np.linalg.norm((back - start).reshape(-1, 2), axis=1) < _MAX_RETURN_PX
    if int(is_good.sum()) < 6:
        return None
    source, target = start.reshape(-1, 2)[is_good], floats(there.reshape(-1, 2)[is_good])
    motion = similarity(source, target)
    misfit = np.linalg.norm(source @ motion[:, :2].T + motion[:, 2] - target, axis=1).mean()
    if misfit > _MAX_MISFIT * eye_distance(points):
        return None
    carried = points.copy()
    carried[:, :2] = points[:, :2] @ motion[:, :2].T + motion[:, 2]
    return carried


def _grey(frame: Image) -> Image:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
