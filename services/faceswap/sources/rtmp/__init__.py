"""OBS sends to us: an RTMP listener of our own, H.264 only, as the way from Unreal into the mirror."""

import time
from collections.abc import Callable

import msgspec

from services.faceswap.sources.decoding import Codec, Packet
from services.faceswap.sources.live import DRY_S, LivePictures
from services.faceswap.sources.rtmp.chunks import Message
from services.faceswap.sources.rtmp.listener import Listener
from services.faceswap.sources.rtmp.video_tag import read_video
from services.faceswap.video_source import Shot, VideoSource, VideoStatus
from shared.errors import BadInput, ConfigError


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings under [faceswap.source_options.rtmp]."""

    listen: str = "127.0.0.1:1935"
    """Where OBS finds us, host:port; 0.0.0.0 to be found from another machine or from Windows beside WSL2. Port 0: any free one."""
    application: str = "live"
    """OBS, Server: rtmp://host:port/application."""
    stream_key: str = "mirror"
    """OBS, Stream key. Not a secret on loopback; anywhere else set it in the environment, not in a file."""


def open_engine(options: Options, others: Callable[[str], VideoSource]) -> "Rtmp":
    """The source, not yet open."""
    del others
    return Rtmp(options)


class Rtmp:
    """Pictures of whoever publishes to us."""

    name = "rtmp"

    def __init__(self, options: Options, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises ConfigError if `listen` is no address, or application or key are empty."""
        host, _, port = options.listen.rpartition(":")
        if not host.strip("[]") or not port.isdecimal() or int(port) > 65535:
            raise ConfigError(f"[faceswap.source_options.rtmp] listen = {options.listen!r}: must be host:port")
        if not options.application or not options.stream_key:
            raise ConfigError("[faceswap.source_options.rtmp] application and stream_key must not be empty")
        path = (options.application, options.stream_key)
        self._clock = clock
        self._listener = Listener((host.strip("[]"), int(port)), path, self._take, clock)
        self._pictures: LivePictures | None = None
        self._codec: Codec | None = None
        self._advice = ""
        self._reading_error = ""

    @property
    def port(self) -> int:
        """The port listened on."""
        return self._listener.port

    def open(self, width: int, height: int) -> None:
        """Listen. Raises EngineUnavailable if the port is taken or PyAV is missing."""
        self._pictures = LivePictures(width, height, self._clock)
        self._listener.open()
        self._pictures.start()

    def newest(self, now: float) -> Shot | None:
        """The newest picture since the last call."""
        shot = self._pictures.take() if self._pictures else None
        return shot.on_another_clock(now - self._clock()) if shot else None

    def close(self) -> None:
        """Let go of the port, the publisher and the decoder."""
        self._listener.close()
        if self._pictures:
            self._pictures.close()

    def _take(self, message: Message, arrived_at: float, is_first: bool) -> None:  # noqa: FBT001 - the listener's signature
        """One video message of the publisher, in its thread."""
        assert self._pictures is not None, "open comes first"
        if is_first:
            self._pictures.new_sender()
            self._codec, self._advice = None, ""
        try:
            tag = read_video(message.payload)
        except BadInput as error:
            self._reading_error = str(error)
            return
        self._reading_error = ""
        if tag.setup:
            self._codec = Codec(name="h264", setup=tag.setup)
        if not tag.picture or self._codec is None:
            return
        if tag.shown_after_ms > 0:
            self._advice = "the sender uses B-frames, which delay every picture: set them to 0 in OBS"
        self._pictures.put(
            Packet(
                payload=tag.picture,
                codec=self._codec,
                taken=(message.time_ms + tag.shown_after_ms) / 1000.0,
                arrived_at=arrived_at,
                is_key=tag.is_key,
            )
        )

    @property
    def trouble(self) -> str:
        """Why no pictures come just now."""
        if self._pictures is None:
            return "not open"
        publisher, meter = self._listener.publisher, self._pictures.meter
        if publisher is None:
            where = "no publisher: start streaming in OBS, to the address of [faceswap.source_options.rtmp]"
            return f"{where}; last caller: {self._listener.last_refusal}" if self._listener.last_refusal else where
        if error := self._reading_error or self._pictures.decode_error:
            return error
        quiet_s = self._clock() - meter.last_at
        if meter.last_at < 0.0 or quiet_s > DRY_S:
            since = "yet" if meter.last_at < 0.0 else f"for {quiet_s:.0f} s"
            return f"OBS is connected but no picture came {since}: does its scene stand still, or is the encoder overloaded?"
        return ""

    def status(self) -> VideoStatus:
        """How it does now."""
        publisher = self._listener.publisher
        if self._pictures is None:
            return VideoStatus(is_connected=False, trouble=self.trouble)
        fps, delay_ms = self._pictures.meter.read(self._clock())
        width, height = self._pictures.sent_size
        return VideoStatus(
            is_connected=publisher is not None,
            trouble=self.trouble,
            advice=self._advice,
            width=width,
            height=height,
            fps=fps,
            delay_ms=delay_ms,
            connections=self._listener.accepted,
            shown=self._pictures.meter.shown,
            skipped=self._pictures.meter.skipped,
        )
