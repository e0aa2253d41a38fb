"""The light of the frame on a patch, followed over time: measured on some frames, taken over slowly, so that nothing flickers."""

from services.faceswap.arrays import Bytes, Floats
from services.faceswap.blending import light_ratio, relight
from services.faceswap.face_swapper import Image

_EVERY = 3
"""Light is measured on every third frame: it changes over seconds, and measuring it costs as much as a warp."""


class Light:
    """What is known of the light so far."""

    def __init__(self, follow: float, match: float) -> None:
        """With how much of a new frame's light is taken over at once, and how far the patch is brought to it (both 0..1)."""
        self._follow = 1.0 - (1.0 - follow) ** _EVERY
        self._match = match
        self.forget()

    def forget(self) -> None:
        """Drop it: another film begins."""
        self._ratio: Floats | None = None
        self._frame = 0

    def on(self, pixels: Image, under: Image, mask: Bytes) -> Image:
        """The patch in the light of what lies under it.

        Args:
            pixels: Shape (height, width, 3).
            under: What it will cover, of the same shape.
            mask: Where it counts, shape (height, width).
        """
        if self._ratio is None:
            self._ratio = light_ratio(pixels, under, mask)
        elif self._frame % _EVERY == 0:
            self._ratio = self._ratio + self._follow * (light_ratio(pixels, under, mask) - self._ratio)
        self._frame += 1
        return relight(pixels, 1.0 + self._match * (self._ratio - 1.0))
