"""One clause on its way through Audio2Face-3D: one call, and the poses it owes for what it has been given."""

from collections.abc import Awaitable, Callable

import msgspec
import numpy as np

from services.a2f_bridge.blendshapes import COUNT, Poses
from services.a2f_bridge.engines import audio2face_wire as wire
from services.a2f_bridge.engines.audio2face_clip import Clip
from services.a2f_bridge.face_animator import SAMPLES_PER_POSE, Speech, check_speech, poses_in
from shared.audio import VOICE_HZ
from shared.errors import EngineFailed

MESSAGE_SAMPLES = VOICE_HZ // 2
"""Sound in one message, at most: half a second. The peer refuses more than ten seconds, and may read no faster than it works."""
LONGEST_SAMPLES = 300 * VOICE_HZ
"""The peer refuses a longer clip."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How clips are spoken to one peer."""

    peer: str
    """Its name and address, for messages."""
    manner: wire.Manner
    look_ahead_samples: int
    trailing_samples: int


class Audio2FaceUtterance:
    """See the port. The call begins with the first sound."""

    engine = "audio2face"

    def __init__(
        self, begin_clip: Callable[[], Clip], delivery: Delivery, note: Callable[[EngineFailed | None], None]
    ) -> None:
        """`note` is told how the clause went: None, or what broke it."""
        self._begin_clip, self._delivery, self._note = begin_clip, delivery, note
        self._clip: Clip | None = None
        self._samples = 0
        self._is_cancelled = False

    async def push(self, pcm: Speech) -> Poses:
        """See the port."""
        speech = check_speech(pcm)
        if len(speech) == 0:
            return _none()
        return await self._guarded(self._push(speech))

    async def finish(self) -> Poses:
        """See the port."""
        if self._clip is None:
            return _none()
        rest = await self._guarded(self._finish(self._clip))
        self._note(None)
        return rest

    async def cancel(self) -> None:
        """See the port."""
        self._is_cancelled = True
        if self._clip:
            self._clip.cancel()

    async def _push(self, speech: Speech) -> Poses:
        if self._samples + len(speech) > LONGEST_SAMPLES:
            raise EngineFailed(f"takes no clip longer than {LONGEST_SAMPLES / VOICE_HZ:.0f} s")
        if self._clip is None:
            self._clip = self._begin_clip()
            await self._clip.say(wire.header(self._delivery.manner))
        for begin in range(0, len(speech), MESSAGE_SAMPLES):
            piece = speech[begin : begin + MESSAGE_SAMPLES]
            await self._clip.say(wire.sound(piece))
            self._samples += len(piece)
            await self._clip.hear(self._owed())
        return self._clip.take()

    async def _finish(self, clip: Clip) -> Poses:
        """Shut the mouth over there, end the clip, and wait for the poses of its sound."""
        trailing = np.zeros(self._delivery.trailing_samples, np.float32)
        await clip.say(wire.sound(trailing, wire.NEUTRAL, self._samples / VOICE_HZ))
        await clip.say(wire.end())
        await clip.say_no_more()
        await clip.hear(poses_in(self._samples))
        rest = clip.rest(poses_in(self._samples))
        clip.let_go()
        return rest

    def _owed(self) -> int:
        """How many poses the peer must have made of what it has been given."""
        heard_through = self._samples - self._delivery.look_ahead_samples
        return heard_through // SAMPLES_PER_POSE + 1 if heard_through >= 0 else 0

    async def _guarded(self, work: Awaitable[Poses]) -> Poses:
        try:
            return await work
        except EngineFailed as error:
            if self._is_cancelled:
                return _none()
            if self._clip:
                self._clip.cancel()
            failure = EngineFailed(f"a2f_bridge: {self._delivery.peer} {error}")
            self._note(failure)
            raise failure from error


def _none() -> Poses:
    return np.zeros((0, COUNT), np.float32)
