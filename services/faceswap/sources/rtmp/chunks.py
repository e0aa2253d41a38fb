"""RTMP's chunk stream: messages cut into pieces, several streams of them interleaved on one connection.

basic header   2 bits format, 6 bits stream (0: one more byte, 1: two more)
format 0       u24 time, u24 length, u8 type, u32 (little-endian) message stream
format 1       u24 later by, u24 length, u8 type
format 2       u24 later by
format 3       nothing: the next piece of a message, or a new one with the header of the last
a time of 0xFFFFFF is followed by the true one in 32 bits, and again in every further piece of that message
"""

import struct
from collections.abc import Callable

import msgspec

from shared.errors import BadInput

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGED, USER_CONTROL, WINDOW, PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AUDIO, VIDEO, METADATA, COMMAND = 8, 9, 18, 20
METADATA_3, COMMAND_3 = 15, 17
"""The same with AMF3: one byte more in front, then as a rule AMF0."""

LARGEST_MESSAGE = 8 << 20
"""Bytes. A key picture of 1080p has 0.3 MB; who announces more means us no good."""
LARGEST_CHUNK = 1 << 24
_MOST_STREAMS = 64
_EXTENDED = 0xFFFFFF
_U32 = struct.Struct(">I")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One whole message."""

    kind: int
    stream: int = 0
    time_ms: int = 0
    """On the sender's clock, modulo 2**32."""
    payload: bytes


class _Stream(msgspec.Struct):
    """What the next header of one chunk stream may leave out, and the message under way."""

    time_ms: int = 0
    step_ms: int = 0
    length: int = 0
    kind: int = 0
    message_stream: int = 0
    is_extended: bool = False
    pieces: list[bytes] = []
    missing: int = 0


class ChunkReader:
    """Puts messages together again."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        """`read(n)` returns exactly n bytes, or raises."""
        self._read = read
        self._streams: dict[int, _Stream] = {}
        self._chunk_size = 128
        self.received = 0
        """Payload bytes so far."""

    def next_message(self) -> Message:
        """The next message that is whole; chunk sizes and aborts are carried out here and returned as well.

        Raises:
            BadInput: What comes is no RTMP, or announces impossible sizes.
        """
        while True:
            stream = self._next_chunk()
            if stream.missing:
                continue
            message = Message(
                kind=stream.kind,
                stream=stream.message_stream,
                time_ms=stream.time_ms,
                payload=b"".join(stream.pieces),
            )
            stream.pieces = []
            self._obey(message)
            return message

    def _next_chunk(self) -> _Stream:
        first = self._read(1)[0]
        form, number = first >> 6, first & 63
        if number == 0:
            number = 64 + self._read(1)[0]
        elif number == 1:
            low, high = self._read(2)
            number = 64 + low + 256 * high
        if number not in self._streams and (form != 0 or len(self._streams) >= _MOST_STREAMS):
            raise BadInput("rtmp: a chunk stream begins without a full header; the sender speaks something else")
        stream = self._streams.setdefault(number, _Stream())
        self._take_header(stream, form)
        size = min(stream.missing, self._chunk_size)
        stream.pieces.append(self._read(size) if size else b"")
        stream.missing -= size
        self.received += size
        return stream

    def _take_header(self, stream: _Stream, form: int) -> None:
        if stream.missing and form != 3:
            # A new header in the middle of a message: the sender gave the old one up.
            stream.pieces, stream.missing = [], 0
        is_new = not stream.missing
        time_ms = None
        if form < 3:
            time_ms = self._number(3)
            stream.is_extended = time_ms == _EXTENDED
        if form < 2:
            stream.length = self._number(3)
            stream.kind = self._read(1)[0]
        if form == 0:
            stream.message_stream = int.from_bytes(self._read(4), "little")
        if stream.is_extended:
            extended = self._number(4)
            time_ms = extended if form < 3 else None
        if stream.length > LARGEST_MESSAGE:
            raise BadInput(f"rtmp: a message of {stream.length} bytes is announced; the most is {LARGEST_MESSAGE}")
        if is_new:
            _set_clock(stream, form, time_ms)
            stream.missing = stream.length

    def _number(self, size: int) -> int:
        return int.from_bytes(self._read(size), "big")

    def _obey(self, message: Message) -> None:
        if message.kind not in (SET_CHUNK_SIZE, ABORT):
            return
        if len(message.payload) != 4:
            raise BadInput("rtmp: a protocol message of the wrong length")
        (value,) = _U32.unpack(message.payload)
        if message.kind == ABORT:
            if stream := self._streams.get(value):
                stream.pieces, stream.missing = [], 0
        elif 1 <= value <= LARGEST_CHUNK:
            self._chunk_size = value
        else:
            raise BadInput(f"rtmp: a chunk size of {value} is impossible")


def _set_clock(stream: _Stream, form: int, time_ms: int | None) -> None:
    if form == 0:
        # By the letter a headerless message now repeats this very time as its step. OBS means "the same time" by it, so a
        # stream that is an hour old would leap by an hour: no step is the reading that harms nobody.
        stream.time_ms, stream.step_ms = time_ms or 0, 0
        return
    if time_ms is not None:
        stream.step_ms = time_ms
    stream.time_ms = (stream.time_ms + stream.step_ms) % 2**32


def chunks(message: Message, number: int, chunk_size: int = 128) -> bytes:
    """A message as it goes on the wire, with a full header.

    Args:
        message: What to send.
        number: Chunk stream, 2 to 63.
        chunk_size: What the other side was told, or 128.
    """
    time_ms = min(message.time_ms, _EXTENDED)
    extended = _U32.pack(message.time_ms) if time_ms == _EXTENDED else b""
    head = (
        bytes([number]) + time_ms.to_bytes(3, "big") + len(message.payload).to_bytes(3, "big")
        + bytes([message.kind]) + message.stream.to_bytes(4, "little") + extended
    )  # fmt: skip
    pieces = [message.payload[at : at + chunk_size] for at in range(0, len(message.payload), chunk_size)] or [b""]
    return head + (bytes([0xC0 | number]) + extended).join(pieces)
