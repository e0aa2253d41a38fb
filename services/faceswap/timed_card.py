"""A picture that carries its own time: drawn at the sender, read at the receiver, it tells how long the way took.

The upper eighth is one row of cells, bright for 1 and dark for 0: 40 bits of time in units of 0.1 ms, then 8 bits of check sum.
Below it something moves, so that an encoder has work as with a face.
"""

import cv2
import numpy as np

from services.faceswap.face_swapper import Image

_TIME_BITS, _CHECK_BITS = 40, 8
_CELLS = _TIME_BITS + _CHECK_BITS
_UNIT_S = 1e-4
_DARK, _BRIGHT = 30, 225


def draw_card(width: int, height: int, now: float) -> Image:
    """The card of this instant.

    Args:
        width: Pixels, at least 192.
        height: Pixels, at least 64.
        now: Host clock, seconds; its lower three years are kept.
    """
    ticks = int(now / _UNIT_S) % 2**_TIME_BITS
    bits = (ticks << _CHECK_BITS) | _check(ticks)
    card = np.full((height, width, 3), 110, np.uint8)
    edges = np.linspace(0, width, _CELLS + 1).round().astype(int)
    for cell in range(_CELLS):
        is_bright = bits >> (_CELLS - 1 - cell) & 1
        card[: height // 8, edges[cell] : edges[cell + 1]] = _BRIGHT if is_bright else _DARK
    phase = (now % 2.0) * np.pi
    centre = (int(width * (0.5 + 0.2 * np.sin(phase))), int(height * 0.55))
    cv2.ellipse(card, centre, (width // 8, height // 4), 0, 0, 360, (140, 170, 210), -1, cv2.LINE_AA)
    return card


def read_card(picture: Image) -> float | None:
    """The instant a card was drawn, seconds; None if the picture is no card or too damaged.

    Args:
        picture: In the shape of the card, any size from 192 x 64; nothing cut off.
    """
    height, width = picture.shape[:2]
    row = picture[height // 32 : height // 12].mean(axis=(0, 2))
    middles = ((np.arange(_CELLS) + 0.5) * width / _CELLS).astype(int)
    cells = row[middles]
    if np.abs(cells - 128.0).min() < 40.0:
        return None
    bits = int("".join("1" if cell > 128 else "0" for cell in cells), 2)
    ticks, check = bits >> _CHECK_BITS, bits & (2**_CHECK_BITS - 1)
    return ticks * _UNIT_S if check == _check(ticks) else None


def _check(ticks: int) -> int:
    # 251 is prime: any single wrong bit changes the remainder; plus one, so that all-dark is no card.
    return ticks % 251 + 1
