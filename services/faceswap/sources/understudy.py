"""Two sources as one: while the first is silent, the second shows the virtual human in its place.

Neither change is a cut. The second comes on only after the mirror has veiled for want of pictures, and before the first is
shown again nothing is handed out until it has veiled once more: each time the veil lifts on whoever stands there then.
"""

import logging
import time
from collections.abc import Callable

import msgspec

from services.faceswap.drought import GAP_S
from services.faceswap.tracking import TrackingLimits
from services.faceswap.video_source import Shot, VideoSource, VideoStatus
from shared.errors import ConfigError, EngineUnavailable

_LOG = logging.getLogger(__name__)

CURTAIN_S = GAP_S + TrackingLimits().hold_s + 0.1
"""How long nothing is handed out, so that the veil is down: the mirror's own patience, its fall, and a little."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings under [faceswap.source_options.understudy]."""

    order: tuple[str, str] = ("rtmp", "stand_in")
    after_s: float = 2.0
    """Silence of the first before the second comes on."""
    back_after_s: float = 3.0
    """The first must have been steady for so long to be shown again."""

    def __post_init__(self) -> None:
        if self.after_s < CURTAIN_S:
            raise ConfigError(
                f"[faceswap.source_options.understudy] after_s = {self.after_s}: at least {CURTAIN_S:.1f}, or the veil is not down"
            )


def open_engine(options: Options, others: Callable[[str], VideoSource]) -> "Understudy":
    """The source, not yet open."""
    first, then = options.order
    return Understudy(options, others(first), others(then))


class Understudy:
    """Hands out the first's pictures, or the second's."""

    name = "understudy"

    def __init__(
        self, options: Options, first: VideoSource, then: VideoSource, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._options, self._clock = options, clock
        self._first, self._then = first, then
        self._refusal = ""
        self._absence = ""
        self._came_at = self._steady_since = 0.0
        self._curtain_until = 0.0
        self.is_standing_in = False
        self.changes = 0
        """How often the second came on."""

    def open(self, width: int, height: int) -> None:
        """Open both. Raises EngineUnavailable only if neither can be opened."""
        self._came_at = self._clock()
        try:
            self._first.open(width, height)
        except EngineUnavailable as error:
            self._refusal = str(error)
            _LOG.warning("the first source cannot be opened; the second plays", extra={"reason": str(error)})
        try:
            self._then.open(width, height)
        except EngineUnavailable as error:
            if self._refusal:
                raise
            self._absence = str(error)
            _LOG.warning("the second source cannot be opened; the first plays alone", extra={"reason": str(error)})

    def newest(self, now: float) -> Shot | None:
        """The newest picture of whoever is on."""
        at = self._clock()
        shot = None if self._refusal else self._first.newest(now)
        if shot is not None:
            if at - self._came_at > GAP_S:
                self._steady_since = at
            self._came_at = at
        self._change(at)
        if at < self._curtain_until:
            return None
        return self._then.newest(now) if self.is_standing_in else shot

    def _change(self, at: float) -> None:
        """Who is on, now."""
        silent_s = at - self._came_at
        if not self.is_standing_in and not self._absence and silent_s >= self._options.after_s:
            self.is_standing_in = True
            self.changes += 1
            _LOG.warning("the second source stands in", extra={"reason": self._first.trouble})
        elif self.is_standing_in and silent_s <= GAP_S and at - self._steady_since >= self._options.back_after_s:
            self.is_standing_in = False
            self._curtain_until = at + CURTAIN_S

    @property
    def trouble(self) -> str:
        """Why the first is not shown."""
        why = self._refusal or self._first.trouble
        if self.is_standing_in:
            return f"{self._then.name} stands in for {self._first.name}: {why or 'its video has just come back'}"
        return why or (f"{self._then.name} could not stand in: {self._absence}" if self._absence else "")

    def status(self) -> VideoStatus:
        """How the first does: the second is there to be seen, not to be satisfied with."""
        return msgspec.structs.replace(self._first.status(), trouble=self.trouble)

    def close(self) -> None:
        """End both."""
        self._first.close()
        self._then.close()
