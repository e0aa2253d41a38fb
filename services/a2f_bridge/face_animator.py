"""The port: speech in, poses of a face out.

An animator is opened once; each stretch of speech (a clause) gets an utterance of its own. An engine may sit in this process
or behind a network: what it owes for the audio it has been given, it returns from `push`, however long that takes, at most
its own watchdog; what it says has gone wrong, in band or out of it, leaves as EngineFailed.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.a2f_bridge.blendshapes import POSE_HZ, Poses
from services.a2f_bridge.performer import Performer
from shared.audio import VOICE_HZ
from shared.errors import BadInput
from shared.stage import Health

SAMPLES_PER_POSE = VOICE_HZ // POSE_HZ
"""Pose i belongs to sample i * 400 of its utterance."""


Speech = NDArray[np.float32]
"""Mono, 24 kHz, -1..1, shape (n,)."""


class Utterance(Protocol):
    """One stretch of speech on its way through an engine."""

    @property
    def engine(self) -> str:
        """Which engine makes its poses right now."""
        ...

    async def push(self, pcm: Speech) -> Poses:
        """More of the speech; any length, also 0.

        Returns:
            The poses that became final, shape (n, 52), without a gap after those returned before: pose i is final once
            sample i * 400 plus the engine's look-ahead has been pushed.

        Raises:
            BadInput: Not mono float samples. The utterance goes on as if nothing had come.
            EngineFailed: The engine broke, said so in band, or owes poses for too long. The utterance is over.
        """
        ...

    async def finish(self) -> Poses:
        """The speech is complete: the rest of the poses, so that there are ceil(samples / 400) in all. Raises as `push`."""
        ...

    async def cancel(self) -> None:
        """Nobody wants the rest. Never raises; harmless after `finish`."""
        ...


class FaceAnimator(Protocol):
    """An engine that animates a face from speech."""

    name: str
    lookahead_s: float
    """How far beyond its own instant a pose needs to hear."""

    @property
    def performer(self) -> Performer | None:
        """Where a peer moves a face of its own and must be prompted; None for engines whose poses are all there is."""
        ...

    async def warm_up(self) -> Health:
        """Get ready and animate something once. Raises EngineUnavailable."""
        ...

    def health(self) -> Health:
        """How it is now. Degraded means: not as configured, and `last_error` says why."""
        ...

    def open_utterance(self, after: Utterance | None = None) -> Utterance:
        """A new stretch of speech; `after` is the one before it by the same voice, whose knowledge of that voice may help.

        Raises:
            EngineUnavailable: The peer or device is away at the moment.
        """
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


def check_speech(pcm: Speech) -> Speech:
    """The samples, with what is not a number as silence and what is out of range clipped; raises BadInput if they are no such thing."""
    if pcm.ndim != 1 or pcm.dtype.kind != "f":
        raise BadInput(f"a2f_bridge: needs mono float samples, got {pcm.dtype} of shape {pcm.shape}")
    return np.clip(np.nan_to_num(pcm, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0).astype(np.float32, copy=False)


def poses_in(samples: int) -> int:
    """How many poses a whole utterance of that many samples has."""
    return -(-samples // SAMPLES_PER_POSE)
