"""Frames of a peer, thirty or so a second with their own time codes, as poses sixty a second. Pure.

A pose is final once a frame at or after its instant is there. In between lies a straight line: a jaw moves at most 0.15 of
its way between two frames.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.a2f_bridge.blendshapes import JAW_OPEN, NAMES, POSE_HZ, NameMap, Pose, Poses
from shared.errors import EngineFailed

LONGEST_HOLE_S = 0.2
"""Frames further apart than this are not a slow face but lost ones."""
FORGIVEN_POSES = 3
"""So many poses may be missing at the end: one frame of thirty a second, and the half step after it."""
_SLACK_S = 1e-4


class FrameTrack:
    """One clip. Time codes count from its beginning."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names` are the columns of every row. Raises EngineFailed if no mouth is among them."""
        self._map = NameMap(names)
        self._columns = len(names)
        if NAMES[JAW_OPEN].lower() not in {name.lower() for name in names}:
            raise EngineFailed(f"names {self._columns} blendshapes, but no {NAMES[JAW_OPEN]}: this is no ARKit face")
        self._times: list[float] = []
        self._frames: list[Pose] = []
        self._given = 0

    @property
    def final(self) -> int:
        """How many poses are final, with those already given."""
        return int(np.floor((self._times[-1] + _SLACK_S) * POSE_HZ)) + 1 if self._times else 0

    def add(self, time_s: float, values: Sequence[float]) -> None:
        """One frame.

        Raises:
            EngineFailed: As many values as names it has not, or its time is impossible after the one before.
        """
        if len(values) != self._columns:
            raise EngineFailed(f"sent a frame of {len(values)} values under {self._columns} names")
        last = self._times[-1] if self._times else 0.0
        if not last - _SLACK_S <= time_s <= last + LONGEST_HOLE_S:
            raise EngineFailed(f"sent a frame at {time_s:.3f} s after one at {last:.3f} s")
        if self._times and time_s <= last:
            return  # twice the same
        self._times.append(time_s)
        self._frames.append(self._map.poses(np.asarray([values], np.float32))[0])

    def take(self) -> Poses:
        """The poses that became final since the last time, shape (n, 52)."""
        return self._until(self.final)

    def rest(self, count: int) -> Poses:
        """The poses that are still missing of `count`; the last few, if they never came, are held.

        Raises:
            EngineFailed: More are missing than one frame can explain.
        """
        if self.final < count - FORGIVEN_POSES or (count and not self._times):
            raise EngineFailed(f"sent frames for {self.final} poses where {count} were owed")
        return self._until(count)

    def _until(self, count: int) -> Poses:
        at = np.arange(self._given, count) / POSE_HZ
        if len(at) == 0:
            return np.zeros((0, len(NAMES)), np.float32)
        self._given = count
        poses = _between(np.array(self._times), np.stack(self._frames), at)
        self._forget(at[-1])
        return poses

    def _forget(self, before_s: float) -> None:
        """Drop the frames that no later pose lies next to."""
        keep = max(0, int(np.searchsorted(self._times, before_s, side="right")) - 1)
        del self._times[:keep], self._frames[:keep]


def _between(times: NDArray[np.float64], frames: Poses, at: NDArray[np.float64]) -> Poses:
    """The face at each instant of `at`; before the first frame it is the first, after the last the last."""
    after = np.clip(np.searchsorted(times, at, side="left"), 0, len(times) - 1)
    before = np.maximum(after - 1, 0)
    span = np.where(after > before, times[after] - times[before], 1.0)
    share = np.clip((at - times[before]) / span, 0.0, 1.0)[:, None].astype(np.float32)
    return np.asarray(frames[before] * (1 - share) + frames[after] * share, np.float32)
