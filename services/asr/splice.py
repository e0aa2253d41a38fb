"""Cutting speech out of a recording and joining it again: pauses shortened, seams faded, silence at both ends. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.asr.utterance import Samples
from services.asr.vad import FRAME

Run = tuple[int, int]
"""A stretch of speech: first frame, and the frame after its last."""

MERGE = 5
"""Frames: a gap up to 160 ms belongs to the speech around it."""

MAX_PAUSE = 4_800
"""A longer pause is shortened to this, in samples: 300 ms, half of it from either side."""

FADE = 160
"""10 ms at every seam."""

LEAD_IN, LEAD_OUT = 1_600, 8_000
"""Silence before and after, in samples: 100 and 500 ms. A cloning model takes the end of its reference for the pause to come."""


def runs_of(is_speech: NDArray[np.bool_]) -> tuple[Run, ...]:
    """Stretches of speech frames, gaps up to MERGE frames closed."""
    runs: list[Run] = []
    for frame in np.flatnonzero(is_speech).tolist():
        if runs and frame - runs[-1][1] <= MERGE:
            runs[-1] = (runs[-1][0], frame + 1)
        else:
            runs.append((frame, frame + 1))
    return tuple(runs)


def splice(parts: Sequence[tuple[Samples, tuple[Run, ...]]]) -> Samples:
    """The runs of each recording, one after another, as int16 mono, shape (n,)."""
    pieces: list[Samples] = [np.zeros(LEAD_IN, np.int16)]
    for pcm, runs in parts:
        for first, last in _stretches(runs, pcm.size):
            pieces.append(_faded(pcm[first:last]))
    pieces.append(np.zeros(LEAD_OUT, np.int16))
    return np.concatenate(pieces)


def _stretches(runs: tuple[Run, ...], size: int) -> list[tuple[int, int]]:
    """Sample ranges of the runs with half a pause on either side; ranges that touch are one."""
    stretches: list[tuple[int, int]] = []
    for first, last in runs:
        begin, end = max(0, first * FRAME - MAX_PAUSE // 2), min(size, last * FRAME + MAX_PAUSE // 2)
        if stretches and begin <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((begin, end))
    return stretches


def _faded(pcm: Samples) -> Samples:
    """With its first and last 10 ms faded from and to silence."""
    ramp = np.linspace(0.0, 1.0, min(FADE, pcm.size // 2), dtype=np.float32)
    gain = np.ones(pcm.size, np.float32)
    gain[: ramp.size] = ramp
    gain[gain.size - ramp.size :] = ramp[::-1]
    return np.round(pcm * gain).astype(np.int16)
