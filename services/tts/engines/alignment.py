"""Two voices saying the same words, laid side by side frame by frame. Pure numpy.

The visitor's sample comes with its words, so the stock voice can say them too: from the pairs we learn how far the
visitor's formants lie from the stock voice's, sound by sound, without any model of speakers. Without words, frames are
paired by likeness alone.
"""

import numpy as np
from numpy.typing import NDArray

from services.tts.engines.voice_print import VoicePrint, cepstra, warp
from services.tts.engines.world import Floats

Pairs = NDArray[np.int64]
"""Frame of the first voice, frame of the second; shape (n, 2), rising."""

_STEP = 2
"""Frames skipped in the search: 10 ms is as fine as speech needs."""

_QUIET = 8.0
"""Natural log of power below the loudest frame: what is softer at either end is not aligned."""

WARPS = np.arange(0.82, 1.33, 0.02)
"""Ratios of formants that are tried: from a tall man's to a small child's, seen from an average man."""


def align(first: VoicePrint, second: VoicePrint) -> Pairs:
    """The path that lays the frames of `first` beside those of `second`."""
    a0, a1 = _span(first)
    b0, b1 = _span(second)
    path = path_between(_features(first)[a0:a1:_STEP], _features(second)[b0:b1:_STEP])
    return np.asarray(path * _STEP + np.array([a0, b0]))


def match(first: VoicePrint, second: VoicePrint) -> Pairs:
    """For every voiced frame of `second` the frame of `first` that sounds most like it: pairs when the words are not known."""
    own, other = np.flatnonzero(first.is_voiced), np.flatnonzero(second.is_voiced)
    nearest = squares(_features(second)[other], _features(first)[own]).argmin(axis=1)
    return np.stack([own[nearest], other], axis=1)


def both_voiced(pairs: Pairs, first: VoicePrint, second: VoicePrint) -> Pairs:
    """The pairs in which both speak with their voice."""
    return np.asarray(pairs[first.is_voiced[pairs[:, 0]] & second.is_voiced[pairs[:, 1]]])


def squares(a: Floats, b: Floats) -> Floats:
    """Squared distances between rows, shape (len(a), len(b))."""
    return np.asarray((a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None] - 2.0 * a @ b.T)


def best_warp(pairs: Pairs, first: VoicePrint, second: VoicePrint) -> float:
    """By how much the formants of `first` must move to lie where those of `second` lie, sound by sound.

    Compared is how the spectra vary, not where they stand: the mean of a voice (its microphone, its breath) is left out.
    """
    wanted = _centred(cepstra(second.log_envelope[pairs[:, 1]]))
    own = first.log_envelope[pairs[:, 0]]
    return float(max(WARPS, key=lambda factor: _likeness(_centred(cepstra(warp(own, factor))), wanted)))


def _likeness(a: Floats, b: Floats) -> float:
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def _centred(values: Floats) -> Floats:
    return np.asarray(values - values.mean(axis=0))


def _span(voice: VoicePrint) -> tuple[int, int]:
    loud = np.flatnonzero(voice.levels[:, 0] > voice.loudest - _QUIET)
    return int(loud[0]), int(loud[-1]) + 1


def _features(voice: VoicePrint) -> Floats:
    """What frames are compared by: the spectrum's shape, loudness, and voice or none; each voice on its own scale."""
    shape = cepstra(voice.log_envelope)
    own = shape[voice.is_voiced]
    shape = (shape - own.mean(axis=0)) / (own.std(axis=0) + 1e-6) * np.arange(1, shape.shape[1] + 1) ** -0.25
    levels = voice.levels
    spoken = levels[voice.is_voiced]
    loudness = (levels - spoken.mean()) / (spoken.std() + 1e-6)
    return np.concatenate([shape, 1.5 * loudness, 1.5 * voice.is_voiced[:, None]], axis=1)


def path_between(a: Floats, b: Floats) -> Pairs:
    """The cheapest way through both rows of features, first to last: dynamic time warping.

    Computed along anti-diagonals, which numpy can do at once. Shapes (n, k), (m, k) -> pairs of rows.
    """
    n, m = len(a), len(b)
    distance = np.sqrt(np.maximum(squares(a, b), 0.0))
    cost = np.full((n + 1, m + 1), np.inf)
    cost[0, 0] = 0.0
    for diagonal in range(2, n + m + 1):
        rows = np.arange(max(1, diagonal - m), min(n, diagonal - 1) + 1)
        columns = diagonal - rows
        straight, down, right = cost[rows - 1, columns - 1], cost[rows - 1, columns], cost[rows, columns - 1]
        cost[rows, columns] = np.minimum(np.minimum(straight, down), right) + distance[rows - 1, columns - 1]
    steps = [(n, m)]
    while steps[-1] != (1, 1):
        i, j = steps[-1]
        steps.append(min(((i - 1, j - 1), (i - 1, j), (i, j - 1)), key=lambda at: cost[at]))
    return np.array(steps[::-1], dtype=np.int64) - 1
