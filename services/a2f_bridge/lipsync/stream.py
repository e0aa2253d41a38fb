"""The lips of speech that is still coming in: a pose is final once 45.8 ms beyond it have been heard."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from services.a2f_bridge.blendshapes import COUNT, POSE_HZ, Poses
from services.a2f_bridge.lipsync.articulation import Ear
from services.a2f_bridge.lipsync.bands import HOP_HZ, Bands
from services.a2f_bridge.lipsync.mouth import Mouth
from services.a2f_bridge.lipsync.seal import AHEAD, BEHIND, lip_seal

HOPS_PER_POSE = HOP_HZ // POSE_HZ
_SMOOTH = np.cos(np.pi * np.arange(-AHEAD, AHEAD + 1) / (2 * AHEAD + 2)) ** 2
_SMOOTH /= _SMOOTH.sum()
_CRISP = np.zeros(2 * AHEAD + 1)
_CRISP[AHEAD - 1 : AHEAD + 2] = 0.25, 0.5, 0.25
_SPAN = BEHIND + 1 + AHEAD
"""Hops that one pose looks at."""


class LipSync:
    """One utterance. The same samples give the same poses, however they are cut into pushes."""

    def __init__(self, rate_hz: int, ear: Ear | None = None) -> None:
        """`rate_hz` is a multiple of 120; `ear` knows the voice already."""
        self.ear = ear or Ear()
        self._bands = Bands(rate_hz)
        self._hop = rate_hz // HOP_HZ
        self._mouth = Mouth()
        self._pending = np.zeros(self._bands.window // 2, np.float32)  # the first look is centred on sample 0
        self._heard = np.tile(np.array(self.ear.silence()), (BEHIND, 1))
        self._samples = 0
        self._poses = 0

    @property
    def lookahead_s(self) -> float:
        """How far beyond its own instant a pose needs to hear."""
        return AHEAD / HOP_HZ + self._bands.window / 2 / (self._hop * HOP_HZ)

    def push(self, pcm: NDArray[np.float32]) -> Poses:
        """More samples, shape (n,); the poses that became final, shape (m, 52)."""
        self._samples += len(pcm)
        self._listen(pcm)
        return self._shape(most=None)

    def finish(self) -> Poses:
        """The rest, as if silence followed: a pose for every begun 60th of a second."""
        ahead = AHEAD * self._hop + self._bands.window
        self._listen(np.zeros(ahead, np.float32))
        samples_per_pose = self._hop * HOPS_PER_POSE
        return self._shape(most=-(-self._samples // samples_per_pose) - self._poses)

    def _listen(self, pcm: NDArray[np.float32]) -> None:
        self._pending = np.concatenate((self._pending, pcm))
        if len(self._pending) < self._bands.window:
            return
        windows = sliding_window_view(self._pending, self._bands.window)[:: self._hop]
        heard = [self.ear.hear(level) for level in self._bands.levels(windows)]
        self._heard = np.concatenate((self._heard, np.array(heard)))
        self._pending = self._pending[len(heard) * self._hop :]

    def _shape(self, most: int | None) -> Poses:
        if len(self._heard) < _SPAN:
            return np.zeros((0, COUNT), np.float32)
        spans = sliding_window_view(self._heard, _SPAN, axis=0)[::HOPS_PER_POSE][:most]
        near = spans[:, :, BEHIND - AHEAD :]
        smooth, crisp = near @ _SMOOTH, near @ _CRISP
        seal = lip_seal(spans[:, 7], murmur=crisp[:, 5], noise=np.maximum(crisp[:, 3], crisp[:, 4]))
        self._heard = self._heard[len(spans) * HOPS_PER_POSE :]
        self._poses += len(spans)
        return self._mouth.poses(smooth, crisp, seal)
