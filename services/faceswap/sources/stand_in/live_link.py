"""Live Link Face packets, version 6, read as strictly as Unreal reads them: one datagram, one pose.

    u8  version = 6
    i32 length, bytes: device id
    i32 length, bytes: subject name
    i32 frame number, f32 sub-frame, i32 rate numerator, i32 rate denominator
    u8  count = 61, then 61 x f32

All in network byte order. The frame time, divided by the rate, is the host clock at which the pose is due at the glass.
"""

import math
import struct

import msgspec

from shared.errors import BadInput

VERSION = 6
VALUES = 61
SHAPES = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft", "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight",
    "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker",
    "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft",
    "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp",
    "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
    "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The 52 blendshapes in the packet's order; after them come head yaw, pitch, roll and six eye angles."""

_MAX_NAME = 255
_TIME = struct.Struct(">ifiiB")
_FACE = struct.Struct(f">{VALUES}f")
_LENGTH = struct.Struct(">i")


class Pose(msgspec.Struct, frozen=True, kw_only=True):
    """What one packet says."""

    weights: tuple[float, ...] = (0.0,) * len(SHAPES)
    """52 values, 0..1, in the order of SHAPES."""
    yaw: float = 0.0
    """Radians; positive: toward the face's own right."""
    pitch: float = 0.0
    """Radians; positive: up."""
    roll: float = 0.0
    """Radians; positive: the right ear sinks."""
    due_at: float = 0.0
    """Host clock, seconds."""


def read_packet(packet: bytes) -> Pose:
    """The pose in a datagram.

    Raises:
        BadInput: Another version, another count, too short, too long, or a value that is no finite number.
    """
    if not packet or packet[0] != VERSION:
        raise BadInput("live link: not a version 6 packet")
    after_device = _skip_name(packet, 1)
    at = _skip_name(packet, after_device)
    if len(packet) != at + _TIME.size + _FACE.size:
        raise BadInput("live link: the packet's length does not fit its contents")
    frame, sub_frame, numerator, denominator, count = _TIME.unpack_from(packet, at)
    if count != VALUES:
        raise BadInput(f"live link: {count} values instead of {VALUES}")
    if numerator <= 0 or denominator <= 0 or not 0.0 <= sub_frame <= 1.0:
        raise BadInput("live link: the frame time makes no sense")
    values = _FACE.unpack_from(packet, at + _TIME.size)
    if not all(map(math.isfinite, values)):
        raise BadInput("live link: a value is not a finite number")
    shapes = len(SHAPES)
    return Pose(
        weights=tuple(min(1.0, max(0.0, value)) for value in values[:shapes]),
        yaw=values[shapes],
        pitch=values[shapes + 1],
        roll=values[shapes + 2],
        due_at=(frame + sub_frame) * denominator / numerator,
    )


def _skip_name(packet: bytes, at: int) -> int:
    """Where the text that begins at `at` ends."""
    if len(packet) < at + _LENGTH.size:
        raise BadInput("live link: the packet is cut off")
    (length,) = _LENGTH.unpack_from(packet, at)
    if not 0 <= length <= _MAX_NAME:
        raise BadInput("live link: a name is of an impossible length")
    return at + _LENGTH.size + int(length)
