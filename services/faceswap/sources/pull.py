"""A picture fetched from a server: rtsp://, rtmp:// or whatever else FFmpeg opens. Tried again for ever."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from services.faceswap.sources.decoding import Codec, Packet, load_pyav
from services.faceswap.sources.live import DRY_S, LivePictures
from services.faceswap.video_source import Shot, VideoSource, VideoStatus
from shared.errors import ConfigError

_LOG = logging.getLogger(__name__)

_LOW_DELAY = {
    "fflags": "nobuffer",
    "flags": "low_delay",
    "probesize": "32768",
    "analyzeduration": "0",
    "rtsp_transport": "tcp",  # UDP loses packets, and does not reach a container or WSL2
    "reorder_queue_size": "0",
    "max_delay": "0",
}
"""Without these FFmpeg first listens for seconds, and keeps what it heard as delay."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings under [faceswap.source_options.pull]."""

    address: str = ""
    """rtsp://host:8554/name or rtmp://host/app/name. With a password in it: set it in the environment, not in a file."""
    open_timeout_s: float = 5.0
    read_timeout_s: float = 3.0
    retry_s: float = 1.0
    """Pause before the next try."""


def open_engine(options: Options, others: Callable[[str], VideoSource]) -> "Pull":
    """The source, not yet open."""
    del others
    return Pull(options)


class Pull:
    """Reads in a thread, hands out the newest picture."""

    name = "pull"

    def __init__(self, options: Options, clock: Callable[[], float] = time.monotonic) -> None:
        if "://" not in options.address:
            raise ConfigError(
                "[faceswap.source_options.pull] address must be rtsp://host:port/name or the like; for a file use source = 'film'"
            )
        self._options = options
        self._clock = clock
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._read_for_ever, name="pull", daemon=True)
        self._pictures: LivePictures | None = None
        self._av: Any = None
        self._connections = 0
        self._is_connected = False
        self._error = "not connected yet"

    def open(self, width: int, height: int) -> None:
        """Begin reading. Raises EngineUnavailable if PyAV is missing; the server may come later."""
        self._av = load_pyav()
        self._pictures = LivePictures(width, height, self._clock)
        self._pictures.start()
        self._thread.start()

    def newest(self, now: float) -> Shot | None:
        """The newest picture since the last call."""
        shot = self._pictures.take() if self._pictures else None
        return shot.on_another_clock(now - self._clock()) if shot else None

    def close(self) -> None:
        """Stop reading; waits for a read under way, at most its time limit."""
        self._is_closed.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._pictures:
            self._pictures.close()

    @property
    def trouble(self) -> str:
        """Why no pictures come just now."""
        if self._pictures is None:
            return "not open"
        if not self._is_connected:
            return f"no video from the server: {self._error}; see [faceswap.source_options.pull] address"
        if self._pictures.decode_error:
            return self._pictures.decode_error
        quiet_s = self._clock() - self._pictures.meter.last_at
        return f"the server is connected but no picture came for {quiet_s:.0f} s" if quiet_s > DRY_S else ""

    def status(self) -> VideoStatus:
        """How it does now."""
        if self._pictures is None:
            return VideoStatus(is_connected=False, trouble=self.trouble)
        fps, delay_ms = self._pictures.meter.read(self._clock())
        width, height = self._pictures.sent_size
        return VideoStatus(
            is_connected=self._is_connected, trouble=self.trouble, width=width, height=height, fps=fps, delay_ms=delay_ms,
            connections=self._connections, shown=self._pictures.meter.shown, skipped=self._pictures.meter.skipped,
        )  # fmt: skip

    def _read_for_ever(self) -> None:
        while not self._is_closed.is_set():
            try:
                self._read()
                self._note("the server ended the stream")
            except (self._av.FFmpegError, OSError, ValueError) as error:
                # Only its own words: FFmpeg's full message repeats the address, password and all.
                self._note(getattr(error, "strerror", None) or str(error))
            self._is_connected = False
            self._is_closed.wait(self._options.retry_s)

    def _read(self) -> None:
        """From connecting to the end."""
        assert self._pictures is not None, "open comes first"
        limits = (self._options.open_timeout_s, self._options.read_timeout_s)
        with self._av.open(self._options.address, options=dict(_LOW_DELAY), timeout=limits) as container:
            if not container.streams.video:
                raise ValueError("there is no picture in it")
            stream = container.streams.video[0]
            context = stream.codec_context
            codec = Codec(name=context.name, setup=context.extradata or b"")
            self._pictures.new_sender()
            self._connections += 1
            self._is_connected = True
            for packet in container.demux(stream):
                if self._is_closed.is_set():
                    return
                if packet.size:
                    self._pictures.put(_coded(packet, codec, self._clock()))

    def _note(self, error: str) -> None:
        if error != self._error and not self._is_closed.is_set():
            _LOG.warning("no video from the server", extra={"reason": error})
        self._error = error


def _coded(packet: Any, codec: Codec, now: float) -> Packet:
    ticks = packet.dts if packet.pts is None else packet.pts
    taken = now if ticks is None else float(ticks * packet.time_base)
    return Packet(payload=bytes(packet), codec=codec, taken=taken, arrived_at=now, is_key=packet.is_keyframe)
