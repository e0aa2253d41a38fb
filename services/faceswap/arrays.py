"""The array types of this stage, and two ways to make them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def floats(values: ArrayLike) -> Floats:
    """As float32, without a copy where it is that already."""
    return np.asarray(values, np.float32)


def bytes_of(values: NDArray[Any]) -> Bytes:
    """0..255 as uint8, clipped and rounded."""
    return np.asarray(np.rint(np.clip(values, 0, 255)), np.uint8)
