"""What SCRFD's nine tensors mean: three strides of scores, boxes and five points a face. Numbers only."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from services.faceswap.arrays import Floats, floats

STRIDES = (8, 16, 32)
ANCHORS = 2
"""A cell."""
COLUMNS = (1, 4, 10)
"""Of the scores, the distances to a box's four sides, and the offsets to five points."""
_MAX_OVERLAP = 0.4


class Found(NamedTuple):
    """One face in the network's picture."""

    score: float
    """0..1."""
    box: Floats
    """Left, top, right, bottom, shape (4,), pixels."""
    five: Floats
    """Right eye, left eye, nose tip, mouth corners (the person's right first), shape (5, 2), pixels."""


def shapes_of(side: int) -> tuple[tuple[int, int], ...]:
    """Shapes of the nine tensors for a picture of `side` pixels, in their order: scores, boxes, points by stride."""
    rows = [(side // stride) ** 2 * ANCHORS for stride in STRIDES]
    return tuple((count, columns) for columns in COLUMNS for count in rows)


def decode(tensors: Sequence[Floats], side: int, threshold: float) -> list[Found]:
    """All faces, best first, overlapping ones left out.

    Args:
        tensors: The nine, in the network's order; scores already between 0 and 1, distances in strides.
        side: Pixels a side of the picture that the network saw.
        threshold: Least score, 0..1.
    """
    scores, boxes, fives = [], [], []
    for level, stride in enumerate(STRIDES):
        score = tensors[level].reshape(-1)
        kept = np.flatnonzero(score >= threshold)
        centres = _centres(side, stride)[kept]
        distance = tensors[level + 3].reshape(-1, 4)[kept] * stride
        offset = tensors[level + 6].reshape(-1, 5, 2)[kept] * stride
        scores.append(score[kept])
        boxes.append(np.concatenate([centres - distance[:, :2], centres + distance[:, 2:]], axis=1))
        fives.append(centres[:, None] + offset)
    return _best(np.concatenate(scores), np.concatenate(boxes), np.concatenate(fives))


def _centres(side: int, stride: int) -> Floats:
    """Each anchor's place, shape (n, 2): the corner of its cell, not the middle."""
    row, column = np.divmod(np.arange((side // stride) ** 2), side // stride)
    return floats(np.repeat(np.stack([column, row], axis=1) * stride, ANCHORS, axis=0))


def _best(scores: Floats, boxes: Floats, fives: Floats) -> list[Found]:
    order = list(np.argsort(-scores, kind="stable"))
    found: list[Found] = []
    while order:
        best = order.pop(0)
        found.append(Found(float(scores[best]), floats(boxes[best]), floats(fives[best])))
        order = [one for one in order if _overlap(boxes[best], boxes[one]) <= _MAX_OVERLAP]
    return found


def _overlap(one: Floats, other: Floats) -> float:
    """Intersection over union."""
    size = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None)
    shared = float(size.prod())
    union = float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()) - shared
    return shared / union if union > 0 else 0.0
