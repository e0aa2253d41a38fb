"""The 61 values of a packet from what the mouth says and what the face does by itself. Pure."""

import math

import numpy as np
from numpy.typing import NDArray

from services.a2f_bridge.blendshapes import COUNT, JAW_OPEN, Pose, index
from services.a2f_bridge.idle.life import IdleLife, Look
from services.a2f_bridge.live_link import EYES, HEAD, VALUES
from services.a2f_bridge.speaking import SpeakingFace

_LIPS = slice(index("JawForward"), index("MouthUpperUpRight") + 1)
_YIELD_S = 0.05
"""Time constant with which idle lips make way for words, and come back."""


class WholeFace:
    """Mouth and idle life as one; `now` is always the instant at the glass, and rises."""

    def __init__(self, speaking: SpeakingFace, life: IdleLife, head_gain: float = 1.0) -> None:
        """`head_gain` 0 leaves the head to Unreal's own animation."""
        self.speaking = speaking
        self.life = life
        self._head_gain = head_gain
        self._words = 0.0
        self._last = -math.inf

    def values(self, now: float) -> NDArray[np.float32]:
        """What a packet should say of the face at `now`, shape (61,), the order of `live_link.VALUE_NAMES`."""
        moment = self.speaking.at(now)
        look = self.life.look(now, jaw=float(moment.mouth[JAW_OPEN]) if moment.is_speaking else 0.0)
        goal = 1.0 if moment.is_speaking else 0.0
        self._words += (1.0 - math.exp(min(0.0, self._last - now) / _YIELD_S)) * (goal - self._words)
        self._last = now
        return self._compose(moment.mouth, look)

    def _compose(self, mouth: Pose, look: Look) -> NDArray[np.float32]:
        own = look.weights.copy()
        own[_LIPS] *= 1.0 - 0.7 * self._words  # words own the lips: a smile over a /b/ would open it
        own[JAW_OPEN] *= 1.0 - self._words
        values = np.zeros(VALUES, np.float32)
        values[:COUNT] = np.clip(mouth + own, 0.0, 1.0)
        values[HEAD] = np.multiply(look.head, self._head_gain)
        yaw, pitch = look.eyes
        values[EYES] = yaw, pitch, 0.0, yaw, pitch, 0.0
        return values
