"""From bytes to a picture, with the limits checked before anything is decoded: a small file can hold a huge picture."""

import struct
from typing import NamedTuple

import cv2
import numpy as np

from services.faceswap.face_swapper import Image
from shared.errors import BadInput

MAX_BYTES = 4_000_000
MAX_PIXELS = 8_000_000
"""As CameraFrame promises."""

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_FRAME_HEADERS = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


class Size(NamedTuple):
    """Pixels."""

    width: int
    height: int


def read_photo(data: bytes, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES) -> Image:
    """A JPEG or PNG as a picture.

    Raises:
        BadInput: Too large, not a picture, cut off, or damaged.
    """
    if len(data) > max_bytes:
        raise BadInput(f"photo: {len(data):,} bytes are more than the {max_bytes:,} allowed; send a smaller one")
    size = picture_size(data)
    if size.width * size.height > max_pixels:
        raise BadInput(f"photo: {size.width} x {size.height} pixels are more than the {max_pixels:,} allowed")
    if data.startswith(_JPEG_START) and data.rstrip(b"\0")[-2:] != _JPEG_END:
        # The decoder would fill the rest with grey and say nothing.
        raise BadInput("photo: the JPEG is cut off; send it again")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise BadInput("photo: damaged, cannot be decoded") from error
    if picture is None:
        raise BadInput("photo: damaged, cannot be decoded")
    return np.asarray(picture, np.uint8)


def picture_size(data: bytes) -> Size:
    """Width and height as the file's header states them; nothing is decoded. Raises BadInput."""
    if data.startswith(_PNG_START) and len(data) >= 24:
        return Size(*struct.unpack_from(">II", data, 16))
    if data.startswith(_JPEG_START):
        return _jpeg_size(data)
    raise BadInput("photo: neither JPEG nor PNG")


def _jpeg_size(data: bytes) -> Size:
    """Walks the JPEG's segments up to its frame header."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Size(width, height)
        at += 2 if marker in _WITHOUT_LENGTH else 2 + struct.unpack_from(">H", data, at + 2)[0]
    raise BadInput("photo: the JPEG has no readable header")
