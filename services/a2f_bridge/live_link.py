"""Live Link Face over UDP, version 6: one packet a pose, byte for byte what Unreal's receiver takes.

    u8 version = 6
    i32 length, bytes   device id
    i32 length, bytes   subject name
    i32 frame number, f32 sub-frame, i32 rate numerator, i32 rate denominator
    u8 count = 61, 61 x f32 values                                            all in network byte order

The time of a packet is the instant at which its pose is due at the glass, in seconds on the host clock: at a rate of 60/1,
frame number + sub-frame = due_at * 60. The frame number starts again from 0 every 2**31 frames (414 days of uptime).

Unreal drops a packet with another version or count silently, and with it everything else that waits in that tick: one
wrong sender on a port starves the right one. So the encoder refuses what is wrong instead of sending it.
"""

import math
import struct

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.a2f_bridge.blendshapes import COUNT, NAMES, POSE_HZ
from shared.errors import BadInput

VERSION = 6
VALUE_NAMES: tuple[str, ...] = (
    *NAMES,
    "HeadYaw", "HeadPitch", "HeadRoll",
    "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
)  # fmt: skip
"""Values of a packet in order. Angles are radians: yaw > 0 toward the face's own right, pitch > 0 up, roll > 0 right ear down."""

VALUES = len(VALUE_NAMES)
HEAD = slice(COUNT, COUNT + 3)
"""Yaw, pitch and roll of the head."""
EYES = slice(COUNT + 3, VALUES)
"""Yaw, pitch and roll of the left eye, then of the right one, relative to the head."""

DEVICE = "6d697272-6f72-4d69-8272-6f724d697272"
"""Unreal takes any device id; phones send 36 characters, and with fewer a packet could fall under its minimum size."""

_FRAMES = 2**31
_TIME = struct.Struct(">ifii")
_FACE = struct.Struct(f">B{VALUES}f")
_LENGTH = struct.Struct(">i")
_MAX_NAME = 256


class FacePacket(msgspec.Struct, frozen=True, kw_only=True):
    """What one datagram says."""

    subject: str
    device: str
    frame: int
    sub_frame: float
    """0 <= sub_frame < 1."""
    rate: tuple[int, int]
    values: tuple[float, ...]
    """61 values in the order of VALUE_NAMES."""

    @property
    def due_at(self) -> float:
        """Host clock, seconds, when this pose is due at the glass."""
        return (self.frame + self.sub_frame) * self.rate[1] / self.rate[0]


class Encoder:
    """Makes the packets of one subject; the parts that never change are laid down once."""

    def __init__(self, subject: str, device: str = DEVICE) -> None:
        """Raises BadInput if a name is empty, too long or not ASCII."""
        self._head = bytes([VERSION]) + _name(device, "device id") + _name(subject, "subject")

    def packet(self, values: NDArray[np.floating], due_at: float) -> bytes:
        """One datagram.

        Args:
            values: Shape (61,), the order of VALUE_NAMES.
            due_at: Host clock, seconds, >= 0.

        Raises:
            BadInput: Another shape, something that is not a finite number, or a negative time.
        """
        if values.shape != (VALUES,) or not np.isfinite(values).all():
            raise BadInput(f"live link: needs {VALUES} finite values, got shape {values.shape}; nothing was sent")
        if not (math.isfinite(due_at) and due_at >= 0.0):
            raise BadInput(f"live link: a pose cannot be due at {due_at}; nothing was sent")
        frame, sub_frame = _frame_time(due_at)
        return self._head + _TIME.pack(frame, sub_frame, POSE_HZ, 1) + _FACE.pack(VALUES, *values.tolist())


def _frame_time(due_at: float) -> tuple[int, float]:
    position = due_at * POSE_HZ
    frame = math.floor(position)
    sub_frame = float(np.float32(position - frame))
    if sub_frame >= 1.0:  # the rest of a frame may round up to a whole one in 32 bits
        frame, sub_frame = frame + 1, 0.0
    return frame % _FRAMES, sub_frame


def _name(text: str, what: str) -> bytes:
    if not (text and text.isascii() and text.isprintable() and len(text) <= _MAX_NAME):
        raise BadInput(f"live link: {what} {text!r} must be 1 to {_MAX_NAME} printable ASCII characters")
    return _LENGTH.pack(len(text)) + text.encode("ascii")


def decode(datagram: bytes) -> FacePacket:
    """What a datagram says, or a refusal: nothing is guessed and nothing may be left over.

    Raises:
        BadInput: Not a version 6 packet of 61 finite values, exactly as long as it says; names the field.
    """
    if not datagram or datagram[0] != VERSION:
        raise BadInput(f"live link: not a version {VERSION} packet (first byte {datagram[:1].hex() or 'missing'})")
    device, at = _take_name(datagram, 1, "device id")
    subject, at = _take_name(datagram, at, "subject")
    if len(datagram) != at + _TIME.size + _FACE.size:
        raise BadInput(f"live link: {len(datagram)} bytes where {at + _TIME.size + _FACE.size} were announced")
    frame, sub_frame, numerator, denominator = _TIME.unpack_from(datagram, at)
    count, *values = _FACE.unpack_from(datagram, at + _TIME.size)
    if count != VALUES:
        raise BadInput(f"live link: {count} values where {VALUES} must be")
    if not all(map(math.isfinite, values)):
        raise BadInput("live link: a value is not a finite number")
    if frame < 0 or not 0.0 <= sub_frame < 1.0 or numerator <= 0 or denominator <= 0:
        raise BadInput(f"live link: impossible time {frame} + {sub_frame} at {numerator}/{denominator}")
    return FacePacket(
        subject=subject, device=device, frame=frame, sub_frame=sub_frame,
        rate=(numerator, denominator), values=tuple(values),
    )  # fmt: skip


def _take_name(datagram: bytes, at: int, what: str) -> tuple[str, int]:
    if len(datagram) < at + _LENGTH.size:
        raise BadInput(f"live link: ends inside the length of the {what}")
    (length,) = _LENGTH.unpack_from(datagram, at)
    begin, end = at + _LENGTH.size, at + _LENGTH.size + length
    if not 0 < length <= _MAX_NAME or len(datagram) < end:
        raise BadInput(f"live link: {what} of {length} bytes does not fit in {len(datagram)}")
    try:
        return datagram[begin:end].decode("ascii"), end
    except UnicodeDecodeError as error:
        raise BadInput(f"live link: {what} is not ASCII") from error
