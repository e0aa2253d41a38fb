"""How high a voice is, moment by moment. A quick tracker finds it; what we know besides bridges the gaps it leaves.

The tracker drops out where a voice creaks, and then a vowel would be rebuilt as a whisper. Harvest drops out less and takes
ten times as long; with the bridges below, the copy comes as near to the visitor as with it (docs/adr/0041).
"""

import numpy as np
from numpy.typing import NDArray

from services.tts.engines.world import FRAME_MS, WORLD_HZ, Floats, quick_pitch
from shared.errors import EngineFailed

_STOCK_HZ = 65.0, 260.0
"""Between which the stock voice speaks."""

_ANYBODY_HZ = 60.0, 500.0

_STRAY = 0.58
"""Natural log: pitch further from the voice's middle is taken for an octave error."""

_SILENT = 10.0**-5.5
"""Power below which no voice is filled in."""

_ENOUGH = 50
"""Frames with pitch a voice must have at the least."""

_WINDOW = 512
_HOP = WORLD_HZ * FRAME_MS / 1000.0


def pitch_of_stock(samples: Floats, is_voiced: NDArray[np.bool_], log_pitch: float | None) -> Floats:
    """Pitch of the stock voice, Hz every FRAME_MS, 0 where there is none. Its words are known, and so what is voiced.

    Args:
        samples: The voice at WORLD_HZ, shape (n,).
        is_voiced: Whether a voiced phoneme is meant, per FRAME_MS; as `frames_of` makes them, or longer.
        log_pitch: Middle of the voice's log pitch; None while it is not known.
    """
    pitch = quick_pitch(samples, *_STOCK_HZ)
    if log_pitch is None:
        log_pitch = _middle(pitch)
    return _bridged(pitch, log_pitch, is_voiced[: len(pitch)] & (_power(samples, len(pitch)) > _SILENT))


def pitch_of_visitor(samples: Floats) -> Floats:
    """The same of a voice whose words may not be known: bridged where it is loud and dark, as only voices are.

    Raises:
        EngineFailed: There is hardly any voice.
    """
    pitch = quick_pitch(samples, *_ANYBODY_HZ)
    if np.count_nonzero(pitch) < _ENOUGH:
        raise EngineFailed("piper: hardly any voice in the sample")
    middle = float(np.exp(_middle(pitch)))
    low, high = max(_ANYBODY_HZ[0], middle * 0.6), min(_ANYBODY_HZ[1], middle * 1.8)
    pitch = quick_pitch(samples, low, high)  # a second look, where it is: fewer octave errors
    return _bridged(pitch, _middle(pitch), _is_loud_and_dark(samples, len(pitch)))


def frames_of(is_voiced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A flag per sample as a flag per FRAME_MS, one more than whole frames, as the tracker counts."""
    at = np.arange(int(len(is_voiced) / _HOP) + 1) * _HOP
    return np.asarray(is_voiced[np.minimum(at.astype(int), len(is_voiced) - 1)])


def _middle(pitch: Floats) -> float:
    heard = pitch[pitch > 0.0]
    return float(np.log(np.median(heard))) if len(heard) else 0.0


def _bridged(pitch: Floats, log_pitch: float, meant: NDArray[np.bool_]) -> Floats:
    """Stray values dropped; where a voice is meant and none was heard, a line between its neighbours."""
    heard = (pitch > 0.0) & (np.abs(np.log(np.maximum(pitch, 1.0)) - log_pitch) < _STRAY)
    if not heard.any():
        return np.zeros_like(pitch)
    at = np.arange(len(pitch))
    return np.where(heard, pitch, np.where(meant, np.interp(at, at[heard], pitch[heard]), 0.0))


def _power(samples: Floats, n_frames: int) -> Floats:
    """Mean power in 10 ms around each frame, shape (n_frames,)."""
    sums = np.concatenate([[0.0], np.cumsum(samples * samples)])
    middle = (np.arange(n_frames) * _HOP).astype(int)
    low, high = np.clip(middle - 110, 0, len(samples)), np.clip(middle + 110, 0, len(samples))
    return np.asarray((sums[high] - sums[low]) / np.maximum(high - low, 1))


def _is_loud_and_dark(samples: Floats, n_frames: int) -> NDArray[np.bool_]:
    """Frames with three times the power below 1.2 kHz than above 2.8, within 28 dB of the loudest; shape (n_frames,)."""
    padded = np.pad(samples, (_WINDOW // 2, _WINDOW))
    at = (np.arange(n_frames) * _HOP).astype(int)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[at] * np.hanning(_WINDOW)
    power = np.square(np.abs(np.fft.rfft(windows, axis=1)))
    hertz = np.fft.rfftfreq(_WINDOW, 1.0 / WORLD_HZ)
    low = power[:, (hertz > 80.0) & (hertz < 1_200.0)].sum(axis=1)
    high = power[:, (hertz > 2_800.0) & (hertz < 8_000.0)].sum(axis=1)
    return np.asarray((low > 3.0 * high) & (low + high > (low + high).max() * 10.0**-2.8))
