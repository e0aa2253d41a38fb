"""Laying a patch on a frame, matching its light, and the veil. Touches only the patch's rectangle."""

import cv2
import numpy as np

from services.faceswap.arrays import Floats, bytes_of, floats
from services.faceswap.face_swapper import Image, Mask, Patch

_BAND = 64
"""Rows blended at a time: what is in between stays in the processor's cache. A face of 900 pixels at once took 2.4 times as long."""
_THUMB = 32
"""Light is compared on pictures this small: pores must not count, and it costs next to nothing."""
_SPREAD = 3.5
"""Blur of the light field, cells of a thumbnail: wide enough to ignore eyes and brows, narrow enough to follow a shadow."""
_LIFT = 10.0
"""Added to both sides of the ratio: keeps the dark side of a face from amplifying noise."""


def paste(frame: Image, patch: Patch) -> Image:
    """The frame with the patch on it; the frame itself is not changed.

    In integers of 16 bits, rounded once: exact. Rounding each side by itself would be no faster, and up to a level off.
    """
    height, width = patch.mask.shape
    out = frame.copy()
    region = out[patch.top : patch.top + height, patch.left : patch.left + width]
    for top in range(0, height, _BAND):
        band = slice(top, top + _BAND)
        _blend(region[band], patch.pixels[band], patch.mask[band])
    return out


def _blend(under: Image, pixels: Image, mask: Mask) -> None:
    """Some rows, in place."""
    weight = cv2.merge([mask] * 3)
    # numpy widens while it multiplies; cv2 takes five times as long for that, and half as long for the rest.
    laid = np.multiply(pixels, weight, dtype=np.uint16)
    kept = np.multiply(under, cv2.bitwise_not(weight), dtype=np.uint16)
    cv2.convertScaleAbs(cv2.add(laid, kept, dst=laid), alpha=1 / 255, dst=under)


def light_ratio(patch: Image, under: Image, mask: Mask) -> Floats:
    """By what each place of a patch must be multiplied to stand in the light (and the skin tone) of what lies under it.

    Args:
        patch: The patch's pixels, shape (h, w, 3).
        under: The frame's pixels in the same rectangle.
        mask: Where the patch counts.

    Returns:
        Smooth field, shape (32, 32, 3), 0.3 to 3.
    """
    small = (_THUMB, _THUMB)
    have = cv2.resize(patch, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    want = cv2.resize(under, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = floats(cv2.resize(mask, small, interpolation=cv2.INTER_AREA)[..., None] / 255.0 + 1e-3)
    lift = _LIFT * _spread(weight)
    return floats(np.clip((_spread(want * weight) + lift) / (_spread(have * weight) + lift), 0.3, 3.0))


def _spread(field: Floats) -> Floats:
    blurred = cv2.GaussianBlur(field, (0, 0), _SPREAD)
    return floats(blurred if blurred.ndim == 3 else blurred[..., None])


def relight(patch: Image, ratio: Floats) -> Image:
    """The patch multiplied by a light field of `light_ratio`, enlarged to its size."""
    height, width = patch.shape[:2]
    field = cv2.resize(ratio, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(patch, field, dtype=cv2.CV_8U), np.uint8)


def veiled(frame: Image, amount: float) -> Image:
    """The frame behind a veil.

    Args:
        frame: Any frame.
        amount: 0: no veil, the frame itself; 1: only a dark, breathing shape is left, in which no face can be made out.
    """
    if amount <= 0.0:
        return frame
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (max(8, width // 16), max(8, height // 16)), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 2.2)
    gone = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC)
    # Dimmed a little, and cooled: as if the figure stood behind dark glass.
    gone = bytes_of(gone * floats([0.62, 0.53, 0.50]))
    if amount >= 1.0:
        return np.asarray(gone, np.uint8)
    return np.asarray(cv2.addWeighted(gone, amount, frame, 1.0 - amount, 0.0), np.uint8)
