"""Where a swapper's network expects the five points of a face in the square it is given."""

import numpy as np
from numpy.typing import NDArray

from services.faceswap.alignment import ARCFACE_112, similarity
from services.faceswap.arrays import Floats

TEMPLATES: dict[str, NDArray[np.float64]] = {
    "arcface_112": ARCFACE_112 / 112,
    # Shifted by eight pixels into a square of 128, not enlarged: more of the forehead's sides is seen.
    "arcface_128": (ARCFACE_112 + np.array([8.0, 0.0])) / 128,
    "arcface_112_v1": np.array(
        [[39.730, 51.138], [72.270, 51.138], [56.000, 68.493], [42.463, 87.010], [69.537, 87.010]], np.float64
    )
    / 112,
}
"""Right eye, left eye, nose tip, mouth corners, shape (5, 2), shares of the square's side, by name."""


def onto_template(five: Floats, template: str, size: int) -> NDArray[np.float64]:
    """Affine matrix, shape (2, 3): pixels of the picture -> the square of `size` pixels in which the face is upright.

    Args:
        five: As in TEMPLATES, shape (5, 2), pixels of the picture, not all equal.
        template: A name of TEMPLATES.
        size: Pixels a side.
    """
    return similarity(five.astype(np.float64), TEMPLATES[template] * size)
