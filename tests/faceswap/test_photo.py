import struct
import zlib

import cv2
import numpy as np
import pytest

from services.faceswap.photo import MAX_BYTES, picture_size, read_photo
from shared.errors import BadInput
from tests.support.faceswap_world import jpeg


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def grey(width: int, height: int) -> bytes:
    return jpeg(np.full((height, width, 3), 90, np.uint8))


def test_a_sound_jpeg_and_a_sound_png_are_read() -> None:
    assert read_photo(grey(64, 48)).shape == (48, 64, 3)
    assert read_photo(bytes(cv2.imencode(".png", np.zeros((9, 7, 3), np.uint8))[1])).shape == (9, 7, 3)


def test_the_size_is_read_from_the_header_of_a_progressive_jpeg_too() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (33, 77, 3)).astype(np.uint8)
    progressive = bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1])
    assert picture_size(progressive) == (77, 33)


def test_fifty_megapixels_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(BadInput, match="8660 x 5774"):
        read_photo(png_header(8660, 5774))


def test_a_fifty_megapixel_jpeg_of_few_bytes_is_refused() -> None:
    huge = grey(8660, 5774)
    assert len(huge) < MAX_BYTES
    with pytest.raises(BadInput, match="pixels"):
        read_photo(huge)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "neither JPEG nor PNG"),
        (b"this is no picture at all", "neither JPEG nor PNG"),
        (b"\xff\xd8", "header"),
        (b"\xff\xd8\xff\xe0\x00\x00" * 5, "header"),
        (png_header(4, 4), "damaged"),
        (b"\xff\xd8" + bytes(MAX_BYTES), "bytes"),
    ],
)
def test_what_is_no_picture_is_refused_in_plain_words(data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_photo(data)


def test_a_truncated_jpeg_is_refused() -> None:
    whole = jpeg(np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8))
    for share in (0.2, 0.5, 0.99):
        with pytest.raises(BadInput):
            read_photo(whole[: int(len(whole) * share)])
