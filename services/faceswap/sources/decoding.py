"""Coded pictures become frames, one at a time and without delay. Needs PyAV, which is imported when a decoder is opened."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import msgspec

from services.faceswap.face_swapper import Image
from services.faceswap.sources.fitting import fitted
from shared.errors import EngineFailed, EngineUnavailable

_MICROSECONDS = Fraction(1, 1_000_000)


class Codec(msgspec.Struct, frozen=True, kw_only=True):
    """How the packets that follow are coded."""

    name: str
    """As FFmpeg calls it: h264."""
    setup: bytes = b""
    """Parameter sets, if they do not stand in the packets themselves."""


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """One coded picture."""

    payload: bytes
    codec: Codec
    taken: float
    """When it is to be shown, seconds on the sender's clock."""
    arrived_at: float
    """Host clock, seconds."""
    is_key: bool
    """Can be decoded without the ones before it."""


class Decoder:
    """Decodes the packets of one sender. Not thread-safe."""

    def __init__(self) -> None:
        self._av = load_pyav()
        self._codec: Codec | None = None
        self._context: Any = None
        self._needs_key = True

    def decode(self, packet: Packet) -> Iterator[tuple[Any, float]]:
        """The frames that this packet completes, each with its time on the sender's clock; none while a key picture is awaited.

        Raises:
            EngineFailed: It cannot be decoded; the decoder waits for the next key picture.
        """
        if packet.codec != self._codec:
            self._open(packet.codec)
        if self._needs_key and not packet.is_key:
            return
        self._needs_key = False
        coded = self._av.Packet(packet.payload)
        coded.time_base = _MICROSECONDS
        coded.pts = coded.dts = round(packet.taken / _MICROSECONDS)
        try:
            for frame in self._context.decode(coded):
                taken = packet.taken if frame.pts is None else float(frame.pts * _MICROSECONDS)
                yield frame, taken
        except self._av.FFmpegError as error:
            self.skip_to_key()
            raise EngineFailed(f"faceswap: a picture cannot be decoded ({error.strerror})") from error

    def fitted(self, frame: Any, width: int, height: int) -> Image:
        """A frame as a picture of the mirror's size. Raises EngineFailed if it cannot be converted."""
        try:
            return fitted(frame, width, height)
        except (self._av.FFmpegError, ValueError) as error:
            raise EngineFailed(
                f"faceswap: a picture of format {frame.format.name} cannot be converted ({error})"
            ) from error

    def skip_to_key(self) -> None:
        """Packets are missing from here on: wait for one that needs none of them."""
        self._needs_key = True
        if self._context is not None:
            self._context.flush_buffers()

    def _open(self, codec: Codec) -> None:
        try:
            self._context = self._av.CodecContext.create(codec.name, "r")
            self._context.extradata = codec.setup or None
            # More threads only add frames of delay; low_delay hands a picture out before the next one has come.
            self._context.thread_type = "NONE"
            self._context.flags |= int(self._av.codec.context.Flags.low_delay)
        except (self._av.FFmpegError, ValueError) as error:
            raise EngineFailed(f"faceswap: no decoder for {codec.name} with such a setup ({error})") from error
        self._codec, self._needs_key = codec, True


def load_pyav() -> Any:
    """PyAV: heavy, and only sources of video need it. Raises EngineUnavailable."""
    try:
        import av
        import av.codec.context
    except ImportError as error:
        raise EngineUnavailable("faceswap: PyAV is not installed; see services/faceswap/requirements.txt") from error
    return av
