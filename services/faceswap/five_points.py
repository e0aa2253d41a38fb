"""Which five points of the face a swapper aligns on, frame by frame: the detector's, carried by optical flow in between.

The mesh is there in every frame, but a swapper was trained on faces aligned by its own detector, whose idea of an eye's
middle and of the mouth's corners differs by a few pixels. The detector is asked on every third frame, and its answer may come
some frames later: it is carried by all motion since it was asked. Pure: sight, motion and answer in, the next sight out.
"""

from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.faceswap.arrays import Floats, floats

Affine = NDArray[np.float64]
"""Shape (2, 3)."""

_CORRECTION = 0.4
"""How much of a new detection is taken over at once. All of it made the face tremble ten times a second."""
_MAX_APART = 0.35
"""Mean distance from the mesh's own five points, in eye distances: beyond it the detector looked at something else."""


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What is known after a frame."""

    five: Floats | None = None
    """Right eye, left eye, nose tip, mouth corners, shape (5, 2), pixels; None: only the mesh knows where they are."""
    since_asked: Affine | None = None
    """Motion since the frame that the detector was asked about; None: nothing asked, or the motion was lost."""
    frames: int = 0
    """Frames since the detector was asked."""

    def is_due(self, every: int) -> bool:
        """Whether to ask the detector about this frame: on every so many, once it has answered (or can no longer help)."""
        return self.frames >= every and self.since_asked is None


class Answer(Protocol):
    """What a detector says of the frame it was asked about."""

    @property
    def five(self) -> Floats | None:
        """The points of the face in that frame; None: it saw none."""
        ...


def follow(before: Sight, mesh_five: Floats, motion: Affine | None, answer: Answer | None) -> Sight:
    """The next frame's sight.

    Args:
        before: The last frame's.
        mesh_five: The mesh's own five points in this frame, shape (5, 2).
        motion: From the last frame to this one, or None if it was not that of one head.
        answer: Of the detector, or None if none came (yet).
    """
    five = None if before.five is None or motion is None else moved(before.five, motion)
    since = None if before.since_asked is None or motion is None else _after(before.since_asked, motion)
    if answer is not None:
        if answer.five is not None and since is not None:
            found = moved(answer.five, since)
            five = found if five is None else floats(five + _CORRECTION * (found - five))
        since = None
    return Sight(five=_checked(five, mesh_five), since_asked=since, frames=before.frames + 1)


def locked(mesh_five: Floats, answer: Floats | None) -> Sight:
    """A sight that begins with a detection in this very frame."""
    return Sight(five=_checked(answer, mesh_five))


def asked(sight: Sight) -> Sight:
    """The same after the detector was asked about this frame."""
    return Sight(five=sight.five, since_asked=np.eye(2, 3), frames=0)


def moved(points: Floats, matrix: Affine) -> Floats:
    """Points through an affine matrix."""
    return floats(points @ matrix[:, :2].T + matrix[:, 2])


def _checked(five: Floats | None, mesh_five: Floats) -> Floats | None:
    if five is None or not np.isfinite(five).all():
        return None
    eyes = float(np.linalg.norm(mesh_five[1] - mesh_five[0]))
    apart = float(np.linalg.norm(five - mesh_five, axis=1).mean())
    return five if apart <= _MAX_APART * eyes else None


def _after(first: Affine, then: Affine) -> Affine:
    """The motion of `first`, then `then`."""
    return np.hstack([then[:, :2] @ first[:, :2], (then[:, :2] @ first[:, 2] + then[:, 2])[:, None]])
