"""Wraps two engines: as long as the first works it swaps; when it fails the second does, at once, on the same frame.

Both learn every photo, so that the change needs no second look at the visitor. The first is tried again at the next visit.
"""

import logging
from collections.abc import Callable

import msgspec

from services.faceswap.face_swapper import FaceSwapper, Image, Patch, Points, SourceFace
from shared.errors import EngineFailed, EngineUnavailable

_LOG = logging.getLogger(__name__)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings under [faceswap.options.fallback]."""

    first: str = "mesh_warp"
    then: str = "passthrough"


class BothFaces(SourceFace, frozen=True, kw_only=True):
    """What each engine keeps; None if it could not learn the photo."""

    first: SourceFace | None
    then: SourceFace


def open_engine(options: Options, others: Callable[[str], FaceSwapper]) -> "Fallback":
    """The pair, not yet warm; a first engine that cannot even be opened is left out."""
    then = others(options.then)
    try:
        return Fallback(others(options.first), then)
    except EngineUnavailable as error:
        return Fallback(None, then, str(error))


class Fallback:
    """The pair as one engine."""

    def __init__(self, first: FaceSwapper | None, then: FaceSwapper, why: str = "") -> None:
        self._first = first
        self._then = then
        self._is_down = first is None
        self.switches = 0
        """How often the second had to take over."""
        self.last_error = why
        if why:
            self._switch(why)

    @property
    def name(self) -> str:
        """Of the engine that swaps now."""
        return self._then.name if self._is_down or self._first is None else self._first.name

    def warm_up(self) -> None:
        """Warm both; only the second must succeed."""
        if self._first is not None:
            try:
                self._first.warm_up()
            except (EngineUnavailable, EngineFailed) as error:
                self._switch(str(error))
        self._then.warm_up()

    def prepare(self, photo: Image) -> BothFaces:
        """Let both learn the photo; the first gets its chance again."""
        then = self._then.prepare(photo)
        first = None
        if self._first is not None:
            try:
                first = self._first.prepare(photo)
                self._is_down = False
            except (EngineFailed, EngineUnavailable) as error:
                self._switch(str(error))
        return BothFaces(engine=self.name, first=first, then=then)

    def swap(self, frame: Image, source: SourceFace, face: Points) -> Patch | None:
        """The first engine's patch, or the second's."""
        if not isinstance(source, BothFaces):
            raise EngineFailed(f"fallback: was handed a face prepared by {source.engine}")
        if self._first is not None and source.first is not None and not self._is_down:
            try:
                return self._first.swap(frame, source.first, face)
            except EngineFailed as error:
                self._switch(str(error))
        return self._then.swap(frame, source.then, face)

    def forget(self) -> None:
        """Both drop what they learned."""
        for engine in (self._first, self._then):
            if engine is not None:
                engine.forget()

    def close(self) -> None:
        """Both let go."""
        for engine in (self._first, self._then):
            if engine is not None:
                engine.close()

    def _switch(self, why: str) -> None:
        self._is_down = True
        self.switches += 1
        self.last_error = why
        _LOG.warning("face swapper fell back", extra={"engine": self._then.name, "reason": why})
