"""Which word of a sample is the last that the reference keeps. Pure."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

_FRAME_S = 0.01
_EARLY_S, _LATE_S = 0.05, 0.12
"""A word's end is known to about this; the quietest moment within, and nearer to it than to another word's, is taken."""
_SENTENCE_DB, _PHRASE_DB = 12.0, 8.0
"""A cut where the speaker breathes is worth this much quiet: the melody has come down there."""
_PACE = 1.7
"""A kept part spoken so many times faster or slower than the whole has other words than we think."""


class WordEnd(msgspec.Struct, frozen=True):
    """Somebody has just said a word."""

    words: int
    """So many words have been said."""
    at_s: float
    """From the start of the recording."""


def best_cut(
    samples: NDArray[np.float32],
    rate_hz: int,
    words: Sequence[str],
    ends: Sequence[WordEnd],
    between_s: tuple[float, float],
) -> tuple[int, int] | None:
    """How many words are kept, and the sample at which they are over; None if nothing fits.

    Args:
        samples: The whole sample, mono, shape (n,).
        rate_hz: Its rate.
        words: What is said in it.
        ends: When words of it are over, rising.
        between_s: Shortest and longest that is kept.
    """
    levels = _levels(samples, rate_hz)
    best: tuple[float, int, float] | None = None
    times = [0.0, *(end.at_s for end in ends), len(samples) / rate_hz]
    for place, end in enumerate(ends, 1):
        nearest = (times[place] + times[place - 1]) / 2.0, (times[place] + times[place + 1]) / 2.0
        at_s, level = _quietest(levels, max(nearest[0], end.at_s - _EARLY_S), min(nearest[1], end.at_s + _LATE_S))
        if not between_s[0] <= at_s <= between_s[1] or not _is_likely(words, end.words, at_s, len(samples) / rate_hz):
            continue
        score = level - _breath_db(words[end.words - 1])
        if best is None or score <= best[0]:
            best = (score, end.words, at_s)
    return None if best is None else (best[1], int(best[2] * rate_hz))


def _is_likely(words: Sequence[str], count: int, at_s: float, whole_s: float) -> bool:
    share = len(" ".join(words[:count])) / len(" ".join(words))
    return 1.0 / _PACE < share / (at_s / whole_s) < _PACE


def _breath_db(word: str) -> float:
    if word.endswith((".", "!", "?")):
        return _SENTENCE_DB
    return _PHRASE_DB if word.endswith((",", ";", ":")) else 0.0


def _quietest(levels: NDArray[np.float64], from_s: float, to_s: float) -> tuple[float, float]:
    first, last = max(0, round(from_s / _FRAME_S)), min(len(levels), round(to_s / _FRAME_S) + 1)
    if first >= last:
        return from_s, 0.0
    at = first + int(np.argmin(levels[first:last]))
    return (at + 0.5) * _FRAME_S, float(levels[at])


def _levels(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Loudness around each 10 ms, smoothed over 30, dB."""
    frame = int(rate_hz * _FRAME_S)
    whole = len(samples) // frame
    power = np.square(samples[: whole * frame].reshape(whole, frame).astype(np.float64)).mean(axis=1)
    smooth = np.convolve(np.pad(power, 1, mode="edge"), np.ones(3) / 3.0, mode="valid")
    return np.asarray(10.0 * np.log10(smooth + 1e-9))
