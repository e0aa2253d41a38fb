"""Facts of the 468-point face mesh: which landmarks outline what, and its triangles.

"Left" and "right" are the person's own. Each outline is a closed ring in drawing order.
"""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

LANDMARKS = 468

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The face's outline from the top of the forehead, over the person's left cheek, round the chin."""

RIGHT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
"""Outer corner, upper lid, inner corner (index 8), lower lid."""
LEFT_EYE = (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249)
"""As RIGHT_EYE, mirrored."""
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
"""Right corner, upper lip, left corner (index 10), lower lip."""
OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
"""As INNER_LIPS."""
RIGHT_BROW = (70, 63, 105, 66, 107)
"""Upper edge, from the temple to the nose."""
LEFT_BROW = (300, 293, 334, 296, 336)
"""As RIGHT_BROW, mirrored."""
RIGHT_LID_PAIRS = ((160, 144), (159, 145), (158, 153))
"""(upper, lower) landmarks facing each other across the right eye."""
LEFT_LID_PAIRS = ((387, 373), (386, 374), (385, 380))
CHEEKS = (50, 280, 205, 425, 4, 195, 5)
"""Landmarks that lie on bare skin in any face without a beard."""
NOSE_TIP = 1
FOREHEAD = 10
CHIN = 152
RIGHT_CHEEKBONE = 234
LEFT_CHEEKBONE = 454


@cache
def triangles() -> NDArray[np.int32]:
    """The mesh's triangles, shape (852, 3); eyes and mouth are left open. All turn the same way in a frontal face."""
    text = files(__package__).joinpath("mesh_triangles.csv").read_text()
    return np.loadtxt(text.splitlines(), delimiter=",", dtype=np.int32)
