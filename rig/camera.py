"""The visitor's camera: one photo as a burst, with the noise and the small sway that a living person has."""

import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from shared.errors import BadInput

LONGEST_PX = 1280
"""As the page's camera delivers at most."""


def burst(photo: bytes, frames: int, seed: int = 1) -> list[bytes]:
    """`frames` JPEGs of the photo, each shifted by up to 3 pixels and with a little sensor noise.

    Raises:
        BadInput: The photo cannot be read.
    """
    try:
        image = Image.open(io.BytesIO(photo)).convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise BadInput(f"visitor: the photo cannot be read: {error}") from error
    image.thumbnail((LONGEST_PX, LONGEST_PX))
    pixels = np.asarray(image, dtype=np.float32)
    random = np.random.default_rng(seed)
    return [_shot(pixels, random) for _ in range(frames)]


def _shot(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", random: np.random.Generator) -> bytes:
    dx, dy = (int(step) for step in random.integers(-3, 4, 2))
    moved = np.roll(pixels, (dy, dx), axis=(0, 1)) + random.normal(0.0, 2.0, pixels.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(moved, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
