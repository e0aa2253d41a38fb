"""When something in a filmed picture flashed. Pure.

A camera sums the light of a frame's exposure, so the frame in which a flash begins is partly bright, and how bright it is tells
how late within it the flash began. Frames may be of any length, and unevenly long, as a telephone's are.
"""

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]
"""Mean brightness of the blocks of one frame, shape (rows, columns), 0..255."""

_LEAST_STEP = 12.0
"""A flash must raise its part of the picture by so many levels: lamps flicker by less."""
_FOLLOWS = 0.5
"""Blocks that follow the strongest one at least so well show the flash, too."""
_APART_S = 0.4


def find_flashes(grids: list[Grid], times: list[float]) -> list[float]:
    """When each flash began, seconds on the clock of `times`.

    Args:
        grids: One a frame.
        times: When each frame's exposure began, seconds, rising.
    """
    if len(grids) < 8:
        return []
    light = _curve(np.stack(grids).reshape(len(grids), -1).astype(np.float64))
    dark, bright = np.percentile(light, 20), light.max()
    if bright - dark < _LEAST_STEP:
        return []
    share = np.clip((light - dark) / (bright - dark), 0.0, 1.0)
    found: list[float] = []
    for index in range(1, len(share) - 1):
        is_rise = share[index] >= 0.5 > share[index - 1]
        if is_rise and (not found or times[index] - found[-1] > _APART_S):
            found.append(_began(share, times, index))
    return found


def _curve(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Brightness of that part of the picture which flashes, shape (frames,), from all blocks, shape (frames, blocks)."""
    # The visitor moves and the lamp hums, but neither jumps as far up from its own middle as a flash does.
    jump = np.percentile(light, 98, axis=0) - np.median(light, axis=0)
    strongest = light[:, int(np.argmax(jump))]
    centred = strongest - strongest.mean()
    if not centred.any():
        return np.asarray(strongest, np.float64)
    others = light - light.mean(axis=0)
    norm = np.sqrt((others**2).sum(axis=0) * (centred**2).sum()) + 1e-9
    is_part = (others.T @ centred) / norm >= _FOLLOWS
    return np.asarray(light[:, is_part].mean(axis=1), np.float64)


def _began(share: NDArray[np.float64], times: list[float], index: int) -> float:
    """The instant in which the light rose, from the frame that crossed half and its neighbours."""
    first = index - 1 if share[index - 1] > 0.05 else index
    full = max(share[index : index + 3].max(), 1e-6)
    dark_s = sum((1.0 - min(1.0, share[at] / full)) * (times[at + 1] - times[at]) for at in range(first, index + 1))
    return float(times[first] + dark_s)
