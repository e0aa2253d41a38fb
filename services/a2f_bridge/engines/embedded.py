"""The engine that runs anywhere: our own lip-sync, numpy only.

It works on the event loop: 100 ms of speech take it under a millisecond, less than handing them to a thread and back.
"""

import time
from collections.abc import Callable

import msgspec
import numpy as np

from services.a2f_bridge.blendshapes import Poses
from services.a2f_bridge.face_animator import FaceAnimator, Speech, Utterance, check_speech
from services.a2f_bridge.lipsync.stream import LipSync
from shared.audio import VOICE_HZ
from shared.stage import Health


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to set."""


class EmbeddedUtterance:
    """One clause in our own lip-sync."""

    engine = "embedded"

    def __init__(self, lips: LipSync) -> None:
        self.lips = lips

    async def push(self, pcm: Speech) -> Poses:
        """See the port."""
        return self.lips.push(check_speech(pcm))

    async def finish(self) -> Poses:
        """See the port."""
        return self.lips.finish()

    async def cancel(self) -> None:
        """Nothing runs on."""


class EmbeddedAnimator:
    """Own audio-to-blendshape lip-sync."""

    name = "embedded"
    performer = None

    def __init__(self) -> None:
        self.lookahead_s = LipSync(VOICE_HZ).lookahead_s
        self._health = Health(engine=self.name, version=np.__version__)

    async def warm_up(self) -> Health:
        """Animate a tenth of a second."""
        began = time.perf_counter()
        LipSync(VOICE_HZ).push(np.zeros(VOICE_HZ // 10, np.float32))
        self._health = msgspec.structs.replace(self._health, warm_s=time.perf_counter() - began)
        return self._health

    def health(self) -> Health:
        """See the port."""
        return self._health

    def open_utterance(self, after: Utterance | None = None) -> EmbeddedUtterance:
        """Goes on with what it learnt of the voice in `after`."""
        ear = after.lips.ear if isinstance(after, EmbeddedUtterance) else None
        return EmbeddedUtterance(LipSync(VOICE_HZ, ear))

    async def close(self) -> None:
        """Nothing to let go of."""


def open_engine(_options: Options, _others: Callable[[str], FaceAnimator]) -> FaceAnimator:
    """See `shared.engines`."""
    return EmbeddedAnimator()
