"""One speech on its way through an engine: clause by clause, whatever is missing, double or broken on the way.

Chunks of a speech come with their place in it. Each clause is an utterance of its own, so that an engine with a long
look-ahead never waits for words that are still being thought of; a gap ends an utterance, too.
"""

from collections.abc import Coroutine

import numpy as np

from services.a2f_bridge.blendshapes import COUNT, POSE_HZ, Poses, neutral
from services.a2f_bridge.closing import DECAY_S
from services.a2f_bridge.face_animator import SAMPLES_PER_POSE, FaceAnimator, Speech, Utterance, poses_in
from shared.audio import to_float
from shared.errors import BadInput, EngineFailed
from shared.events import SpeechChunk

LONGEST_SAMPLES = 24_000 * 120
"""No turn speaks for two minutes: a place beyond that is a mistake, and would be padded to."""


class SpeechAnimation:
    """Makes the poses of one (turn, rev), 60 a second from its first sample on."""

    def __init__(self, animator: FaceAnimator) -> None:
        self._animator = animator
        self._utterance: Utterance | None = None
        self._before: Utterance | None = None
        self._origin = 0
        self._fed = 0
        self._clause = -1
        self._clause_end = 0
        self._last = neutral()
        self._made = 0
        self._ready: list[Poses] = []
        self.shortfall = 0
        """Poses that the engine owed and never made."""
        self.is_over = False
        self.engine = animator.name

    async def take(self, chunk: SpeechChunk) -> None:
        """The next of the speech. What has been taken already is passed over.

        Raises:
            BadInput: Not whole samples, or at an impossible place. Nothing has changed.
            EngineFailed: Taking the same chunk again begins a new utterance with it.
        """
        pcm = speech_of(chunk)
        begin, end = max(chunk.from_sample, self._fed), chunk.from_sample + len(pcm)
        if end <= self._fed or self.is_over:
            return
        if begin > self._fed or chunk.clause != self._clause:
            await self._close()
        if chunk.clause != self._clause:
            self._clause = chunk.clause
            self._clause_end = chunk.from_sample + chunk.clause_samples if chunk.clause_samples else 0
        await self._feed(pcm[begin - chunk.from_sample :], begin)
        if self._clause_end and self._fed >= self._clause_end:
            await self._close()

    async def end(self, samples: int) -> None:
        """The speech has that many samples and no more."""
        if self.is_over:
            return
        await self._close()
        self.is_over = True
        self._pad(poses_in(min(samples, LONGEST_SAMPLES)))

    def poses(self) -> tuple[int, Poses]:
        """What became final since the last time: index of the first, and the poses, shape (n, 52), n >= 0."""
        ready, self._ready = self._ready, []
        poses = np.concatenate(ready) if ready else np.zeros((0, COUNT), np.float32)
        return self._made - len(poses), poses

    async def cancel(self) -> None:
        """It will never sound."""
        self.is_over = True
        if self._utterance:
            await self._utterance.cancel()
        self._utterance = self._before = None

    async def _feed(self, pcm: Speech, begin: int) -> None:
        if self._utterance is None:
            self._origin = poses_in(begin) * SAMPLES_PER_POSE  # utterances begin where a pose begins
            if begin + len(pcm) <= self._origin:
                self._fed = begin + len(pcm)
                return
            pcm = pcm[self._origin - begin :]
            begin = self._origin
            self._pad(poses_in(self._origin))
            self._utterance = self._animator.open_utterance(self._before)
        self._keep(await self._guarded(self._utterance.push(pcm)))
        self.engine = self._utterance.engine
        self._fed = begin + len(pcm)

    async def _close(self) -> None:
        if self._utterance is None:
            return
        rest = await self._guarded(self._utterance.finish())
        self._before, self._utterance = self._utterance, None
        owed = max(0, poses_in(self._fed) - self._made)
        self.shortfall += max(0, owed - len(rest))
        self._keep(rest[:owed])
        self._pad(poses_in(self._fed))

    async def _guarded(self, work: Coroutine[None, None, Poses]) -> Poses:
        try:
            return await work
        except EngineFailed:
            self._utterance = self._before = None
            raise

    def _keep(self, poses: Poses) -> None:
        if len(poses) == 0:
            return
        self._made += len(poses)
        self._last = poses[-1]
        self._ready.append(poses)

    def _pad(self, until: int) -> None:
        """Poses nobody made: the mouth closes over them."""
        missing = until - self._made
        if missing > 0:
            fade = np.exp(-np.arange(1, missing + 1) / (POSE_HZ * DECAY_S))[:, None]
            self._keep((fade * self._last).astype(np.float32))


def speech_of(chunk: SpeechChunk) -> Speech:
    """The samples of a chunk. Raises BadInput if they are not whole int16 samples at a possible place."""
    if len(chunk.pcm) % 2:
        raise BadInput(
            f"a2f_bridge: voice {chunk.turn}-{chunk.seq}: {len(chunk.pcm)} bytes are not whole int16 samples"
        )
    if not 0 <= chunk.from_sample <= LONGEST_SAMPLES:
        raise BadInput(f"a2f_bridge: voice {chunk.turn}-{chunk.seq}: sample {chunk.from_sample} is beyond any speech")
    return to_float(chunk.pcm)
