"""How long an engine takes: for the doctor, and for the bench."""

import asyncio
import math
import time

import msgspec
import numpy as np

from services.a2f_bridge.face_animator import FaceAnimator, Speech
from shared.audio import VOICE_CHUNK, VOICE_HZ

PITCH_HZ, SYLLABLES_HZ = 120.0, 4.0


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """One clause, given as fast as the engine took it."""

    first_pose_ms: float
    """From its first sample given to its first pose: as a tts gives it that is faster than speech."""
    whole_ms: float
    worst_push_ms: float
    """The longest that 100 ms of speech kept us."""
    poses: int


def syllables(seconds: float) -> Speech:
    """A voice-like sound, four syllables a second; nothing in it is random."""
    t = np.arange(round(seconds * VOICE_HZ)) / VOICE_HZ
    voice = sum(
        math.exp(-(((k * PITCH_HZ - 600.0) / 500.0) ** 2)) * np.sin(2 * np.pi * k * PITCH_HZ * t + k)
        for k in range(1, 30)
    )
    loudness = np.clip(np.sin(2 * np.pi * SYLLABLES_HZ * t), 0.0, 1.0)
    return np.asarray(0.1 * voice * loudness, np.float32)


async def animate(animator: FaceAnimator, speech: Speech) -> Timing:
    """One clause through an engine that is warm. Raises EngineFailed, EngineUnavailable."""
    utterance = animator.open_utterance()
    began = before = time.perf_counter()
    first, worst, poses = math.inf, 0.0, 0
    for at in [*range(0, len(speech), VOICE_CHUNK), None]:
        made = await (utterance.finish() if at is None else utterance.push(speech[at : at + VOICE_CHUNK]))
        now = time.perf_counter()
        poses += len(made)
        first = now if poses and math.isinf(first) else first
        worst, before = max(worst, now - before), now
        await asyncio.sleep(0)
    return Timing(
        first_pose_ms=1000 * (first - began), whole_ms=1000 * (before - began), worst_push_ms=1000 * worst, poses=poses
    )
