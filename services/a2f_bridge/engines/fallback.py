"""Two engines as one: when the first breaks, the second goes on with the same words from the same pose."""

import logging
from collections.abc import Callable

import msgspec
import numpy as np

from services.a2f_bridge.blendshapes import COUNT, POSE_HZ, Pose, Poses
from services.a2f_bridge.closing import CROSSFADE_S
from services.a2f_bridge.engines.absent import opened_or_absent
from services.a2f_bridge.face_animator import SAMPLES_PER_POSE, FaceAnimator, Speech, Utterance, check_speech
from shared.errors import EngineFailed, EngineUnavailable
from shared.stage import Health

LOG = logging.getLogger(__name__)

RUN_UP_POSES = 12
"""The second engine hears this much of what was already shown, so that it does not begin in the middle of a vowel."""
MELT_POSES = round(CROSSFADE_S * POSE_HZ)
GIVE_UP_AFTER = 3
"""After so many clauses in a row that broke, the first engine is left alone for a while."""
REST_CLAUSES = 8
"""For so many clauses."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which engine steps in for which."""

    order: tuple[str, str] = ("audio2face", "embedded")


class FallbackAnimator:
    """The first engine as long as it works, else the second."""

    name = "fallback"

    def __init__(self, first: FaceAnimator, second: FaceAnimator) -> None:
        self._first, self._second = first, second
        self.lookahead_s = max(first.lookahead_s, second.lookahead_s)
        self.performer = first.performer or second.performer
        self.fallbacks = 0
        """How often the second had to take over since the start."""
        self._trouble = ""
        self._is_away = False
        """What troubles the first is that it is not there, and it says so itself: it will also say when that is over."""
        self._broken_in_a_row = 0
        self._rests = 0

    async def warm_up(self) -> Health:
        """Warm both. The first may be away; without the second nothing can step in. Raises EngineUnavailable."""
        await self._second.warm_up()
        try:
            await self._first.warm_up()
        except EngineUnavailable as error:
            self._note(error)
        return self.health()

    def health(self) -> Health:
        """Named by the engine that would carry the next clause."""
        first = self._first.health()
        if self._is_away and not first.is_degraded:
            self._trouble = ""
        now = self._second.health() if self._trouble else first
        return msgspec.structs.replace(
            now,
            engine=f"fallback: {now.engine}",
            is_degraded=bool(self._trouble) or now.is_degraded,
            fallbacks=self.fallbacks,
            last_error=self._trouble or now.last_error,
        )

    def open_utterance(self, after: Utterance | None = None) -> "FallbackUtterance":
        """A clause on the first engine, or on the second while the first is away or left alone."""
        before = after.inner if isinstance(after, FallbackUtterance) else None
        if self._rests > 0:
            self._rests -= 1
            return FallbackUtterance(self, self._second.open_utterance(before), can_switch=False)
        try:
            return FallbackUtterance(self, self._first.open_utterance(before), can_switch=True)
        except EngineUnavailable as error:
            self._note(error)
            return FallbackUtterance(self, self._second.open_utterance(before), can_switch=False)

    def open_second(self) -> Utterance:
        """The one that steps in. Raises EngineUnavailable if it is away, too."""
        return self._second.open_utterance()

    def note_break(self, error: EngineFailed) -> None:
        """The first engine broke in a clause."""
        self._note(error)
        self._broken_in_a_row += 1
        # one that says so of itself knows best when it is well again
        if self._broken_in_a_row >= GIVE_UP_AFTER and not self._first.health().is_degraded:
            self._rests, self._broken_in_a_row = REST_CLAUSES, 0

    def note_success(self) -> None:
        """The first engine carried a clause to its end."""
        self._broken_in_a_row, self._trouble = 0, ""

    def _note(self, error: EngineFailed | EngineUnavailable) -> None:
        self.fallbacks += 1
        self._is_away = isinstance(error, EngineUnavailable) and self._first.health().is_degraded
        if str(error) != self._trouble:
            LOG.warning("face engine stepped in for another", extra={"second": self._second.name, "reason": str(error)})
        self._trouble = str(error)

    async def close(self) -> None:
        """Let go of both."""
        await self._first.close()
        await self._second.close()


class FallbackUtterance:
    """One clause, on whichever engine carries it."""

    def __init__(self, animator: FallbackAnimator, inner: Utterance, *, can_switch: bool) -> None:
        self._animator = animator
        self.inner = inner
        self._can_switch = can_switch
        self._heard = np.zeros(0, np.float32)
        self._heard_from = 0
        self._made = 0
        self._last = np.zeros(COUNT, np.float32)
        self._seam: _Seam | None = None

    @property
    def engine(self) -> str:
        """Which engine makes its poses right now."""
        return self.inner.engine

    async def push(self, pcm: Speech) -> Poses:
        """See the port."""
        speech = check_speech(pcm)
        if self._can_switch:
            self._remember(speech)
        try:
            poses = await self.inner.push(speech)
        except EngineFailed as error:
            poses = await self._switch(error)
        return self._note(poses)

    async def finish(self) -> Poses:
        """See the port."""
        try:
            poses = await self.inner.finish()
        except EngineFailed as error:
            poses = await self._switch(error)
            poses = np.concatenate((poses, await self.inner.finish()))
        if self._can_switch:
            self._animator.note_success()
        return self._note(poses)

    async def cancel(self) -> None:
        """See the port."""
        await self.inner.cancel()

    def _remember(self, speech: Speech) -> None:
        """Keep what the second engine would need to go on from here."""
        drop = max(0, (self._made - RUN_UP_POSES) * SAMPLES_PER_POSE - self._heard_from)
        self._heard = np.concatenate((self._heard[drop:], speech))
        self._heard_from += drop

    def _note(self, poses: Poses) -> Poses:
        if self._seam:
            poses = self._seam.join(poses)
        if len(poses):
            self._last = poses[-1]
        self._made += len(poses)
        return poses

    async def _switch(self, error: EngineFailed) -> Poses:
        """Let the second engine hear the run-up and what the first still owed."""
        if not self._can_switch:
            raise error
        self._can_switch = False
        self._animator.note_break(error)
        await self.inner.cancel()
        try:
            self.inner = self._animator.open_second()
        except EngineUnavailable as both:
            raise EngineFailed(f"a2f_bridge: both engines are away ({error}; {both})") from both
        self._seam = _Seam(self._last, run_up=self._made - self._heard_from // SAMPLES_PER_POSE)
        heard, self._heard = self._heard, np.zeros(0, np.float32)
        return await self.inner.push(heard)


class _Seam:
    """Joins the second engine's poses to the last one of the first."""

    def __init__(self, last: Pose, run_up: int) -> None:
        self._last = last
        self._run_up = run_up
        """Poses still to come that were shown already."""
        self._remainder: Pose | None = None
        self._joined = 0

    def join(self, poses: Poses) -> Poses:
        """The next poses of the second engine: without the run-up, beginning at the last shown and free of it after MELT_POSES."""
        passed = min(self._run_up, len(poses))
        self._run_up -= passed
        poses = poses[passed:]
        if len(poses) == 0 or self._joined >= MELT_POSES:
            return poses
        if self._remainder is None:
            self._remainder = self._last - poses[0]
        left = np.clip(1.0 - np.arange(self._joined, self._joined + len(poses)) / MELT_POSES, 0.0, 1.0)
        self._joined += len(poses)
        return np.asarray(np.clip(poses + left[:, None] * self._remainder, 0.0, 1.0), np.float32)


def open_engine(options: Options, others: Callable[[str], FaceAnimator]) -> FaceAnimator:
    """See `shared.engines`."""
    first, second = options.order
    return FallbackAnimator(opened_or_absent(first, others), others(second))
