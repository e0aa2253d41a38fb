"""Test-only: the jaw follows loudness, nothing else moves. No look-ahead, no state beyond the last unfinished pose."""

from collections.abc import Callable

import msgspec
import numpy as np

from services.a2f_bridge.blendshapes import COUNT, JAW_OPEN, Poses
from services.a2f_bridge.face_animator import SAMPLES_PER_POSE, FaceAnimator, Speech, Utterance, check_speech
from shared.errors import EngineFailed
from shared.stage import Health


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it should do wrong."""

    fail_after_poses: int = 0
    """Each utterance breaks once it has made that many poses; 0: never."""


class ScriptedUtterance:
    """One clause: JawOpen is the root mean square of the 400 samples that follow the pose."""

    engine = "scripted"

    def __init__(self, fail_after_poses: int) -> None:
        self._fail_after = fail_after_poses
        self._pending = np.zeros(0, np.float32)
        self._made = 0

    async def push(self, pcm: Speech) -> Poses:
        """See the port."""
        self._pending = np.concatenate((self._pending, check_speech(pcm)))
        whole = len(self._pending) // SAMPLES_PER_POSE
        blocks = self._pending[: whole * SAMPLES_PER_POSE].reshape(whole, SAMPLES_PER_POSE)
        self._pending = self._pending[whole * SAMPLES_PER_POSE :]
        self._made += whole
        if self._fail_after and self._made > self._fail_after:
            raise EngineFailed(f"scripted: told to break after {self._fail_after} poses")
        poses = np.zeros((whole, COUNT), np.float32)
        poses[:, JAW_OPEN] = np.sqrt(np.mean(np.square(blocks), axis=1))
        return poses

    async def finish(self) -> Poses:
        """See the port."""
        return await self.push(np.zeros(-len(self._pending) % SAMPLES_PER_POSE, np.float32))

    async def cancel(self) -> None:
        """Nothing runs on."""


class ScriptedAnimator:
    """Loudness to jaw."""

    name = "scripted"
    lookahead_s = SAMPLES_PER_POSE / 24_000
    """A pose hears the 400 samples that follow it."""
    performer = None

    def __init__(self, options: Options) -> None:
        self._options = options

    async def warm_up(self) -> Health:
        """Always ready."""
        return self.health()

    def health(self) -> Health:
        """See the port."""
        return Health(engine=self.name)

    def open_utterance(self, after: Utterance | None = None) -> ScriptedUtterance:
        """See the port."""
        del after
        return ScriptedUtterance(self._options.fail_after_poses)

    async def close(self) -> None:
        """Nothing to let go of."""


def open_engine(options: Options, _others: Callable[[str], FaceAnimator]) -> FaceAnimator:
    """See `shared.engines`."""
    return ScriptedAnimator(options)
