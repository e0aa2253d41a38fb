"""What an RTMP video message says. Pure.

    u8   4 bits kind of picture (1 key, 2 other, 5 a note to the player), 4 bits codec (7: H.264)
    u8   0 decoder setup, 1 picture, 2 end      i24  milliseconds from decoding to showing (more than 0: B-frames)
    ...  setup: an AVCDecoderConfigurationRecord; picture: NAL units, each with its length in front

The first bit set means enhanced RTMP: a four-letter codec follows (hvc1, av01). We ask for H.264 and say so.
"""

import msgspec

from shared.errors import BadInput

_H264 = 7
_NOTE = 5
_OTHERS = {2: "Sorenson H.263", 3: "Screen video", 4: "VP6", 5: "VP6 with alpha", 12: "HEVC"}
_CURE = "set the encoder to H.264 (x264, or NVENC H.264)"


class VideoTag(msgspec.Struct, frozen=True, kw_only=True):
    """One video message, or nothing of interest if both parts are empty."""

    setup: bytes = b""
    """The decoder's setup; pictures that follow need it."""
    picture: bytes = b""
    is_key: bool = False
    shown_after_ms: int = 0
    """From decoding to showing."""


def read_video(payload: bytes) -> VideoTag:
    """The message's meaning.

    Raises:
        BadInput: Another codec than H.264, or cut off.
    """
    if not payload:
        return VideoTag()
    if payload[0] & 0x80:
        name = payload[1:5].decode("ascii", "replace")
        raise BadInput(f"rtmp: the publisher sends {name!r}, not H.264: {_CURE}")
    picture_kind, codec = payload[0] >> 4, payload[0] & 15
    if picture_kind == _NOTE:
        return VideoTag()
    if codec != _H264:
        raise BadInput(f"rtmp: the publisher sends {_OTHERS.get(codec, f'codec {codec}')}, not H.264: {_CURE}")
    if len(payload) < 5:
        raise BadInput(f"rtmp: a video message of {len(payload)} bytes is cut off")
    body = payload[5:]
    if payload[1] == 0:
        if len(body) < 7 or body[0] != 1:
            raise BadInput("rtmp: the H.264 setup cannot be read")
        return VideoTag(setup=body)
    if payload[1] != 1:
        return VideoTag()
    shown_after_ms = int.from_bytes(payload[2:5], "big", signed=True)
    return VideoTag(picture=body, is_key=picture_kind == 1, shown_after_ms=shown_after_ms)
