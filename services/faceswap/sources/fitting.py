"""A decoded picture in the mirror's size: its middle, filling it; cut, never squeezed."""

from typing import Any

import numpy as np

from services.faceswap.face_swapper import Image


def covering(width: int, height: int, wanted_width: int, wanted_height: int) -> tuple[int, int]:
    """The smallest size of the picture's own shape that covers the wanted one, pixels."""
    scale = max(wanted_width / width, wanted_height / height)
    return max(wanted_width, round(width * scale)), max(wanted_height, round(height * scale))


def fitted(frame: Any, width: int, height: int) -> Image:
    """A PyAV frame as BGR, shape (height, width, 3): scaled and converted in one pass, then cut."""
    wide, high = covering(frame.width, frame.height, width, height)
    # Area averaging where it shrinks: 1080p to 640 x 480 by anything else shimmers on hair.
    scaled = frame.reformat(width=wide, height=high, format="bgr24", interpolation="AREA").to_ndarray()
    left, top = (wide - width) // 2, (high - height) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])
