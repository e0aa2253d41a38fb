"""Where a face is open, the frame shows through: teeth and tongue are the virtual human's own, as sharp as it draws them."""

import cv2

from services.faceswap import topology
from services.faceswap.arrays import Bytes
from services.faceswap.face_swapper import Points
from services.faceswap.warping import Box, box_around, polygon_mask


def keep_mouth(mask: Bytes, box: Box, face: Points) -> None:
    """What is seen between the lips stays the frame's own.

    Args:
        mask: Of a patch, shape (height, width), changed in place.
        box: The patch's rectangle.
        face: Landmarks in the frame, shape (468, 3).
    """
    ring = face[list(topology.INNER_LIPS)]
    part = box_around(ring, 0.05, box)
    if min(part.size) < 2:
        return
    region = mask[part.within(box)]
    opening = cv2.GaussianBlur(polygon_mask(ring, part), (3, 3), 0)
    region[:] = cv2.subtract(region, opening)
