"""The 52 ARKit blendshapes in Live Link order, and poses made of them.

A pose is float32, shape (52,), values 0..1. Weights from elsewhere are always mapped by name: recorded tables are known
to swap JawLeft with JawRight and MouthLeft with MouthRight.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pose: TypeAlias = NDArray[np.float32]
"""Shape (52,), 0..1."""
Poses: TypeAlias = NDArray[np.float32]
"""Shape (n, 52), 0..1, 60 a second."""

POSE_HZ = 60
"""Poses in a second, everywhere."""

NAMES: tuple[str, ...] = (
    "EyeBlinkLeft", "EyeLookDownLeft", "EyeLookInLeft", "EyeLookOutLeft", "EyeLookUpLeft", "EyeSquintLeft", "EyeWideLeft",
    "EyeBlinkRight", "EyeLookDownRight", "EyeLookInRight", "EyeLookOutRight", "EyeLookUpRight", "EyeSquintRight",
    "EyeWideRight",
    "JawForward", "JawLeft", "JawRight", "JawOpen",
    "MouthClose", "MouthFunnel", "MouthPucker", "MouthLeft", "MouthRight", "MouthSmileLeft", "MouthSmileRight",
    "MouthFrownLeft", "MouthFrownRight", "MouthDimpleLeft", "MouthDimpleRight", "MouthStretchLeft", "MouthStretchRight",
    "MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper", "MouthPressLeft", "MouthPressRight",
    "MouthLowerDownLeft", "MouthLowerDownRight", "MouthUpperUpLeft", "MouthUpperUpRight",
    "BrowDownLeft", "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight",
    "CheekPuff", "CheekSquintLeft", "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight", "TongueOut",
)  # fmt: skip
"""Position in this tuple = position in a pose, in a PoseTrack and in a Live Link packet."""

COUNT = len(NAMES)
_INDEX = {name: i for i, name in enumerate(NAMES)}
_FOLDED = {name.lower(): i for i, name in enumerate(NAMES)}


def index(name: str) -> int:
    """Position of a blendshape; KeyError if there is none of that name."""
    return _INDEX[name]


def pair(name: str) -> tuple[int, int]:
    """Positions of the left and the right one of a symmetric blendshape, e.g. `pair("EyeBlink")`."""
    return _INDEX[name + "Left"], _INDEX[name + "Right"]


JAW_OPEN = index("JawOpen")
MOUTH_CLOSE = index("MouthClose")


def neutral() -> Pose:
    """A face at rest: 52 zeros, the caller's own."""
    return np.zeros(COUNT, np.float32)


def clean(weights: NDArray[np.floating]) -> NDArray[np.float32]:
    """Weights of any shape as float32 in 0..1; what is not a number is 0."""
    finite = np.nan_to_num(weights, nan=0.0, posinf=1.0, neginf=0.0)
    return np.asarray(np.clip(finite, 0.0, 1.0), np.float32)


def from_names(weights: Mapping[str, float]) -> Pose:
    """A pose from weights by name, in any order and capitalisation; unknown names are left out, missing ones are 0."""
    pose = neutral()
    for name, weight in weights.items():
        at = _FOLDED.get(name.lower())
        if at is not None:
            pose[at] = weight
    return clean(pose)


class NameMap:
    """Brings tables whose columns are named in some order into ours."""

    def __init__(self, names: Iterable[str]) -> None:
        """`names` are the columns; names we do not know are dropped, ours that are missing become 0."""
        columns = [(_FOLDED[name.lower()], column) for column, name in enumerate(names) if name.lower() in _FOLDED]
        self._ours = [ours for ours, _ in columns]
        self._theirs = [theirs for _, theirs in columns]

    @property
    def known(self) -> int:
        """How many of our 52 the table has."""
        return len(set(self._ours))

    def poses(self, rows: NDArray[np.floating]) -> Poses:
        """Rows of the table, shape (n, columns), as poses."""
        poses = np.zeros((len(rows), COUNT), np.float32)
        poses[:, self._ours] = rows[:, self._theirs]
        return clean(poses)


def gap(poses: Poses) -> NDArray[np.float32]:
    """How far apart the lips are, shape (n,): JawOpen without what MouthClose takes back; near 0 is sealed."""
    return np.asarray(poses[:, JAW_OPEN] - poses[:, MOUTH_CLOSE], np.float32)
