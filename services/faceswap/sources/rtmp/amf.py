"""AMF0, the values inside RTMP commands. Pure.

    u8 marker, then: 0 f64 | 1 u8 bool | 2 u16 length, text | 3 object | 5 null | 6 undefined | 8 u32 count, object
    10 u32 count, values | 11 f64 date, i16 zone | 12 u32 length, text

An object is pairs of (u16 length, name; value) and ends with an empty name and marker 9.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, Union

from shared.errors import BadInput

Value: TypeAlias = Union[float, bool, str, dict[str, "Value"], list["Value"], None]  # noqa: UP007 - refers to itself

_DEEPEST = 8
_MOST = 1024
"""Values in one array: a command has a dozen."""
_END = 9
_NUMBER, _U16, _U32 = struct.Struct(">d"), struct.Struct(">H"), struct.Struct(">I")


def decode(payload: bytes) -> list[Value]:
    """Every value in a command or data message, in order.

    Raises:
        BadInput: It is cut off, nested too deeply, or of a type that no publisher sends.
    """
    reader = _Reader(payload)
    values: list[Value] = []
    try:
        while reader.at < len(payload):
            values.append(reader.value(0))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BadInput(f"rtmp: a command cannot be read at byte {reader.at} of {len(payload)}") from error
    return values


class _Reader:
    """A position in a payload. What runs over the end raises struct.error or IndexError."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self.at = 0

    def value(self, depth: int) -> Value:
        marker = self._payload[self.at]
        self.at += 1
        if depth > _DEEPEST or marker not in _READERS:
            raise BadInput(f"rtmp: a command holds a value of type {marker}, {depth} levels deep; none does that")
        return _READERS[marker](self, depth)

    def take(self, kind: struct.Struct) -> float:
        (number,) = kind.unpack_from(self._payload, self.at)
        self.at += kind.size
        return float(number)

    def text(self, length: struct.Struct) -> str:
        size = int(self.take(length))
        if self.at + size > len(self._payload):
            raise IndexError
        self.at += size
        return self._payload[self.at - size : self.at].decode("utf-8")

    def pairs(self, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while len(found) <= _MOST:
            name = self.text(_U16)
            if not name and self._payload[self.at] == _END:
                self.at += 1
                return found
            found[name] = self.value(depth + 1)
        raise BadInput(f"rtmp: a command holds an object of more than {_MOST} fields")

    def array(self, depth: int) -> list[Value]:
        count = int(self.take(_U32))
        if count > _MOST:
            raise BadInput(f"rtmp: a command holds an array of {count} values")
        return [self.value(depth + 1) for _ in range(count)]

    def counted_pairs(self, depth: int) -> dict[str, Value]:
        self.take(_U32)  # a hint only: the end is marked as in any object
        return self.pairs(depth)

    def date(self, depth: int) -> Value:
        del depth
        milliseconds = self.take(_NUMBER)
        self.take(_U16)
        return milliseconds

    def flag(self, depth: int) -> Value:
        del depth
        self.at += 1
        return self._payload[self.at - 1] != 0


_READERS: dict[int, Callable[[_Reader, int], Value]] = {
    0: lambda reader, _: reader.take(_NUMBER),
    1: _Reader.flag,
    2: lambda reader, _: reader.text(_U16),
    3: _Reader.pairs,
    5: lambda *_: None,
    6: lambda *_: None,
    8: _Reader.counted_pairs,
    10: _Reader.array,
    11: _Reader.date,
    12: lambda reader, _: reader.text(_U32),
}


def encode(*values: Value) -> bytes:
    """The values one after another; text of up to 65,535 bytes."""
    return b"".join(map(_encoded, values))


def _encoded(value: Value | Mapping[str, Value] | Sequence[Value]) -> bytes:
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return bytes((1, value))
    if isinstance(value, int | float):
        return b"\x00" + _NUMBER.pack(value)
    if isinstance(value, str):
        return b"\x02" + _text(value)
    if isinstance(value, Mapping):
        pairs = b"".join(_text(name) + _encoded(one) for name, one in value.items())
        return b"\x03" + pairs + b"\x00\x00\x09"
    return b"\x0a" + _U32.pack(len(value)) + b"".join(map(_encoded, value))


def _text(text: str) -> bytes:
    written = text.encode()
    return _U16.pack(len(written)) + written
