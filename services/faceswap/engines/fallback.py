"""Wraps two engines: as long as the first works it swaps; when it fails or dawdles the second does, at once, on the same frame.

The first works in a thread of its own. After a failure it rests; then it is tried beside the second, unseen, and takes over
again once it has drawn some frames in a row in time (`trust.py`). Both learn every photo, so that no change needs another
look at the visitor.
"""

import logging
import time
from collections.abc import Callable

from services.faceswap.engines.watched import OwnThread, Task
from services.faceswap.face_swapper import FaceSwapper, Image, Patch, Points, SourceFace
from services.faceswap.trust import Trust, TrustLimits, failed, succeeded
from shared.errors import BadInput, EngineFailed, EngineUnavailable

_LOG = logging.getLogger(__name__)
_FAILURES = (EngineFailed, EngineUnavailable, BadInput)
_LEARN_S = 5.0
"""A photo is learned once, while the play is speaking: it may take longer than a frame."""


class Options(TrustLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings under [faceswap.options.fallback]."""

    order: tuple[str, str] = ("inswapper", "mesh_warp")
    patience_s: float = 0.5
    """Longest wait for one frame of the first engine: then the second swaps it, and the first rests."""


class BothFaces(SourceFace, frozen=True, kw_only=True):
    """What each engine keeps, and the photo: an engine that comes back later still has to learn it."""

    photo: Image
    first: list[SourceFace]
    """Of the first engine; empty until it has learned the photo. Filled in its own thread."""
    then: SourceFace


def open_engine(options: Options, others: Callable[[str], FaceSwapper]) -> "Fallback":
    """The pair, not yet warm; a first engine that cannot even be opened is left out."""
    preferred, behind = options.order
    then = others(behind)
    try:
        return Fallback(others(preferred), then, options=options)
    except EngineUnavailable as error:
        return Fallback(None, then, str(error), options)


class Fallback:
    """The pair as one engine."""

    def __init__(
        self, first: FaceSwapper | None, then: FaceSwapper, why: str = "", options: Options | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._first = first
        self._then = then
        self._options = options or Options()
        self._clock = clock
        self._thread = OwnThread("first-swapper")
        self._trust = Trust()
        self._is_warm = False
        self._trial: Task[float] | None = None
        self._forgetting: Task[None] | None = None
        self.switches = 0
        """How often the second had to take over."""
        self.last_error = ""
        if first is None:
            self._fell(why)

    @property
    def name(self) -> str:
        """Of the engine that swaps now."""
        return self._swapping.name

    @property
    def device(self) -> str:
        """Where the engine that swaps now computes."""
        return self._swapping.device

    def warm_up(self) -> None:
        """Warm both; only the second must succeed."""
        self._then.warm_up()
        if self._first is not None:
            try:
                self._thread.start(self._first.warm_up).result(None, self._first.name)
                self._is_warm = True
            except (EngineUnavailable, EngineFailed) as error:
                self._fell(str(error))

    def prepare(self, photo: Image) -> BothFaces:
        """Let both learn the photo."""
        faces = BothFaces(engine=self.name, photo=photo, first=[], then=self._then.prepare(photo))
        if self._first is not None and self._trust.is_trusted:
            first = self._first
            try:
                self._thread.start(lambda: _learned(first, faces)).result(_LEARN_S, first.name)
            except _FAILURES as error:
                self._fell(str(error))
        return faces

    def swap(self, frame: Image, source: SourceFace, face: Points) -> Patch | None:
        """The first engine's patch, or the second's."""
        if not isinstance(source, BothFaces):
            raise EngineFailed(f"fallback: was handed a face prepared by {source.engine}")
        self._judge_trial()
        if self._first is not None:
            if self._trust.is_trusted:
                try:
                    return self._first_swap(self._first, frame, source, face)
                except _FAILURES as error:
                    self._fell(str(error))
            else:
                self._try_again(self._first, frame, source, face)
        return self._then.swap(frame, source.then, face)

    def forget(self) -> None:
        """Both drop what they learned; a first engine that is busy does so as soon as it can."""
        self._then.forget()
        self._trial = None
        if self._first is None or (self._forgetting is not None and not self._forgetting.is_done):
            return
        self._forgetting = self._thread.start(self._first.forget)
        if self._trust.is_trusted:
            try:
                self._forgetting.result(self._options.patience_s, self._first.name)
            except _FAILURES as error:
                self._fell(str(error))

    def close(self) -> None:
        """Both let go; one that hangs is left to the end of the process."""
        if self._first is not None and not self._thread.is_busy:
            self._thread.start(self._first.close).result(None, self._first.name)
        self._thread.close()
        self._then.close()

    @property
    def _swapping(self) -> FaceSwapper:
        return self._first if self._first is not None and self._trust.is_trusted else self._then

    def _first_swap(self, first: FaceSwapper, frame: Image, source: BothFaces, face: Points) -> Patch | None:
        began = self._clock()
        task = self._thread.start(lambda: first.swap(frame, _learned(first, source), face))
        patch = task.result(self._options.patience_s, first.name)
        now = self._clock()
        self._trust = succeeded(self._trust, now - began, now, self._options)
        if not self._trust.is_trusted:
            self._tell_of_switch()
        return patch

    def _try_again(self, first: FaceSwapper, frame: Image, source: BothFaces, face: Points) -> None:
        """One more unseen trial, if it is time and the first engine is idle."""
        if self._thread.is_busy or self._clock() < self._trust.rests_until:
            return

        def trial() -> float:
            if not self._is_warm:
                first.warm_up()
                self._is_warm = True
            known = _learned(first, source)
            began = self._clock()
            first.swap(frame, known, face)
            return self._clock() - began

        self._trial = self._thread.start(trial)

    def _judge_trial(self) -> None:
        if self._trial is None or not self._trial.is_done:
            return
        trial, self._trial = self._trial, None
        now = self._clock()
        try:
            self._trust = succeeded(self._trust, trial.result(0, "trial"), now, self._options)
        except _FAILURES as error:
            self._trust = failed(self._trust, str(error), now, self._options)
        self.last_error = self._trust.why
        if self._trust.is_trusted:
            _LOG.warning("face swapper is back", extra={"engine": self.name})

    def _fell(self, why: str) -> None:
        self._trust = failed(self._trust, why, self._clock(), self._options)
        self._tell_of_switch()

    def _tell_of_switch(self) -> None:
        self.switches += 1
        self.last_error = self._trust.why
        _LOG.warning("face swapper fell back", extra={"engine": self._then.name, "reason": self._trust.why})


def _learned(engine: FaceSwapper, faces: BothFaces) -> SourceFace:
    """What the first engine knows of the visitor; learned now if it could not be before. In the first's thread only."""
    if not faces.first:
        faces.first.append(engine.prepare(faces.photo))
    return faces.first[0]
