"""A film as the virtual human: a file, played at its own speed in a thread of its own, and from the start again at its end."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from services.faceswap.newest import NewestOnly
from services.faceswap.sources.decoding import load_pyav
from services.faceswap.sources.fitting import fitted
from services.faceswap.sources.meter import Meter
from services.faceswap.video_source import Shot, VideoSource, VideoStatus
from shared.errors import ConfigError, EngineUnavailable

_LOG = logging.getLogger(__name__)

LATE_S = 0.05
"""A picture later than this is not shown: the next is due already."""
LOST_S = 1.0
"""Later than this the machine slept: the film goes on from where it is instead of racing after the clock."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings under [faceswap.source_options.film]."""

    file: str = ""
    repeat: bool = True
    """Start over at the end; false: nothing comes after it, and the mirror veils."""
    retry_s: float = 1.0
    """Pause before a file that could not be read is tried again."""


def open_engine(options: Options, others: Callable[[str], VideoSource]) -> "Film":
    """The source, not yet open."""
    del others
    return Film(options)


class Film:
    """Plays in a thread, hands out the newest picture."""

    name = "film"

    def __init__(self, options: Options, clock: Callable[[], float] = time.monotonic) -> None:
        if not options.file:
            raise ConfigError("[faceswap.source_options.film] file is empty: name the film to show")
        self._options = options
        self._clock = clock
        self._slot: NewestOnly[Shot] = NewestOnly()
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._play_for_ever, name="film", daemon=True)
        self._size = (640, 480)
        self._sent_size = (0, 0)
        self._starts = 0
        self._meter = Meter()
        self._av: Any = None
        self.trouble = ""

    def open(self, width: int, height: int) -> None:
        """Begin playing. Raises EngineUnavailable for a file that is not there, or if PyAV is missing."""
        self._av = load_pyav()
        if "://" in self._options.file:
            raise EngineUnavailable(
                f"faceswap: {self._options.file} is an address, not a file; use source = 'pull' or 'rtmp'"
            )
        if not Path(self._options.file).is_file():
            raise EngineUnavailable(f"faceswap: no film {self._options.file}; name one that is there")
        self._size = (width, height)
        self._thread.start()

    def newest(self, now: float) -> Shot | None:
        """The newest picture since the last call."""
        shot = self._slot.take()
        return shot.on_another_clock(now - self._clock()) if shot else None

    def status(self) -> VideoStatus:
        """How it does now."""
        fps, delay_ms = self._meter.read(self._clock())
        return VideoStatus(
            is_connected=not self.trouble, trouble=self.trouble, width=self._sent_size[0], height=self._sent_size[1],
            fps=fps, delay_ms=delay_ms, connections=min(1, self._starts),
            shown=self._meter.shown, skipped=self._meter.skipped,
        )  # fmt: skip

    def close(self) -> None:
        """Stop playing."""
        self._is_closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _play_for_ever(self) -> None:
        while not self._is_closed.is_set():
            try:
                self._play()
            except (self._av.FFmpegError, OSError, ValueError) as error:
                self._note(f"faceswap: the film cannot be played ({error}); see [faceswap.source_options.film]")
                self._is_closed.wait(self._options.retry_s)
                continue
            if not self._options.repeat and not self._is_closed.is_set():
                self._note("the film has ended; repeat = true starts it over")
                return

    def _play(self) -> None:
        """From the first picture to the last, each at its time."""
        with self._av.open(self._options.file) as container:
            if not container.streams.video:
                raise ValueError("no picture in it")
            self._starts += 1
            began, is_empty = self._clock(), True
            for frame, due_s in _timed(container):
                is_empty = False
                late_s = self._clock() - began - due_s
                if late_s > LOST_S:
                    began, late_s = began + late_s, 0.0
                if self._is_closed.wait(max(0.0, -late_s)):
                    return
                if late_s > LATE_S:
                    self._meter.skip()
                else:
                    self._show(frame)
            if is_empty:
                raise ValueError("no picture in it")

    def _show(self, frame: Any) -> None:
        due = self._clock()
        pixels = fitted(frame, *self._size)
        now = self._clock()
        self.trouble = ""
        self._sent_size = (frame.width, frame.height)
        self._meter.picture(now, now - due)
        self._slot.put(Shot(pixels=pixels, captured_at=due))

    def _note(self, trouble: str) -> None:
        if trouble != self.trouble:
            _LOG.warning("no pictures from the film", extra={"reason": trouble})
        self.trouble = trouble


def _timed(container: Any) -> Iterator[tuple[Any, float]]:
    """Every frame with its time since the first, seconds."""
    first = None
    for frame in container.decode(container.streams.video[0]):
        if frame.time is None:
            continue
        first = frame.time if first is None else first
        yield frame, frame.time - first
