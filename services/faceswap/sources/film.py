"""A film as the virtual human: a file, or an RTMP or RTSP address, read with PyAV in a thread of its own.

The newest decoded picture wins. An address that ends or refuses is tried again for ever; a file starts over.
"""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np

from services.faceswap.face_swapper import Image
from services.faceswap.newest import NewestOnly
from services.faceswap.video_source import Shot, VideoSource
from shared.errors import ConfigError, EngineUnavailable

_LOG = logging.getLogger(__name__)

_LOW_DELAY = {"fflags": "nobuffer", "flags": "low_delay", "probesize": "32768", "analyzeduration": "0"}
"""Measured on loopback, RTMP from OBS's encoder: 11 ms from encoding to here; without these, seconds."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings under [faceswap.source_options.film]."""

    address: str = ""
    """A file, rtmp://host:port/app/name or rtsp://host/name."""
    listen: bool = False
    """rtmp only: wait for OBS to connect to us, instead of fetching from a server."""
    open_timeout_s: float = 5.0
    read_timeout_s: float = 3.0
    retry_s: float = 1.0
    """Pause before an address is tried again."""


def open_engine(options: Options, others: Callable[[str], VideoSource]) -> "Film":
    """The source, not yet open."""
    del others
    return Film(options)


class Film:
    """Reads in a thread, hands out the newest picture."""

    name = "film"

    def __init__(self, options: Options, clock: Callable[[], float] = time.monotonic) -> None:
        if not options.address:
            raise ConfigError(
                "[faceswap.source_options.film] address is empty: name a file, an rtmp:// or rtsp:// address"
            )
        self._options = options
        self._clock = clock
        self._slot: NewestOnly[Shot] = NewestOnly()
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._read_for_ever, name="film", daemon=True)
        self._size = (640, 480)
        self.trouble = ""

    def open(self, width: int, height: int) -> None:
        """Begin reading. Raises EngineUnavailable for a file that is not there or PyAV missing; an address may come later."""
        try:
            import av  # noqa: F401 - heavy, and only this source needs it
        except ImportError as error:
            raise EngineUnavailable(
                "faceswap: PyAV is not installed; see services/faceswap/requirements.txt"
            ) from error
        if self._is_file and not Path(self._options.address).is_file():
            raise EngineUnavailable(f"faceswap: no film {self._options.address}; name one that is there")
        self._size = (width, height)
        self._thread.start()

    def newest(self, now: float) -> Shot | None:
        """The newest picture since the last call."""
        del now
        return self._slot.take()

    def close(self) -> None:
        """Stop reading."""
        self._is_closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._options.read_timeout_s + 1)

    @property
    def _is_file(self) -> bool:
        return "://" not in self._options.address

    def _read_for_ever(self) -> None:
        import av

        while not self._is_closed.is_set():
            try:
                self._read_once(av)
                self._note("the film ended" if not self._is_file else "")
            except (av.FFmpegError, OSError, ValueError) as error:
                self._note(f"{type(error).__name__}: {error}")
            if not self._is_file or self.trouble:
                self._is_closed.wait(self._options.retry_s)

    def _read_once(self, av: Any) -> None:
        """From opening to the end. A file is played at its own speed."""
        options = {} if self._is_file else dict(_LOW_DELAY)
        if self._options.listen:
            options["listen"] = "1"
        limits = (None if self._options.listen else self._options.open_timeout_s, self._options.read_timeout_s)
        with av.open(self._options.address, options=options, timeout=limits) as container:
            if not container.streams.video:
                raise ValueError("no picture in it")
            stream = container.streams.video[0]
            # More threads only add frames of delay.
            stream.thread_type = "NONE"
            began = self._clock()
            for frame in container.decode(stream):
                if self._is_closed.is_set():
                    return
                if self._is_file and frame.time is not None:
                    self._is_closed.wait(max(0.0, began + frame.time - self._clock()))
                self.trouble = ""
                pixels = fit(frame.to_ndarray(format="bgr24"), *self._size)
                self._slot.put(Shot(pixels=pixels, captured_at=self._clock()))

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            _LOG.warning("no pictures from the film", extra={"reason": trouble})
        self.trouble = trouble


def fit(picture: Image, width: int, height: int) -> Image:
    """The picture's middle, filling width x height: cut, never squeezed."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    if picture.shape[:2] == (height, width):
        return picture
    matrix = np.array(
        [
            [scale, 0, (width - scale * picture.shape[1]) / 2],
            [0, scale, (height - scale * picture.shape[0]) / 2],
        ]
    )
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_AREA), np.uint8)
