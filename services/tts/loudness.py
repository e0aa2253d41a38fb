"""Where speech begins and ends, how loud it is, and how it is joined without a click. Pure, float32 at 24 kHz."""

import numpy as np
from numpy.typing import NDArray

from shared.audio import VOICE_HZ

Samples = NDArray[np.float32]

TARGET_DBFS = -21.0
"""Loudness of speech, pauses left out, that every voice is brought to. Leaves 20 dB for peaks."""

SILENCE_DBFS = -46.0
"""Below it a 5 ms window counts as silence: piper's own floor is at -60, the softest consonant near -42."""

_WINDOW = VOICE_HZ // 200
_PREROLL = VOICE_HZ // 40
"""Kept before the first sound (25 ms), so that a soft consonant is not cut."""
_FADE_IN = VOICE_HZ * 5 // 1000
_FADE_OUT = VOICE_HZ * 10 // 1000
_TAIL = VOICE_HZ * 40 // 1000
"""Kept after the last sound: a vowel dies away."""
_KNEE = 0.7
"""Above it the limiter bends the signal; below it nothing is touched."""


def speech_dbfs(samples: Samples) -> float:
    """Loudness in dB of the windows that hold speech: those within 25 dB of the loudest. -inf for silence."""
    levels = _levels(samples)
    if not len(levels) or not np.isfinite(levels.max()):
        return float("-inf")
    loud = levels[levels > max(levels.max() - 25.0, SILENCE_DBFS)]
    return float(10.0 * np.log10(np.mean(10.0 ** (loud / 10.0)))) if len(loud) else float("-inf")


def gain_to_target(samples: Samples) -> float:
    """Factor that brings speech to TARGET_DBFS; 1 for silence."""
    level = speech_dbfs(samples)
    return float(10.0 ** ((TARGET_DBFS - level) / 20.0)) if np.isfinite(level) else 1.0


def limited(samples: Samples) -> Samples:
    """The samples bent smoothly into -1..1: untouched below the knee, no corner, never clipped."""
    size = np.abs(samples)
    if not len(size) or size.max() <= _KNEE:
        return samples
    bent = _KNEE + (1.0 - _KNEE) * np.tanh((size - _KNEE) / (1.0 - _KNEE))
    return np.where(size > _KNEE, np.sign(samples) * bent, samples).astype(np.float32)


def silence(milliseconds: int) -> Samples:
    """So much of nothing."""
    return np.zeros(VOICE_HZ * milliseconds // 1000, dtype=np.float32)


class Edges:
    """One clause without the silence around it, faded in and out; inner pauses stay. Fed block by block."""

    def __init__(self) -> None:
        self._held: Samples = np.zeros(0, dtype=np.float32)
        self._has_begun = False

    def push(self, block: Samples) -> Samples:
        """What can surely be let out: nothing before speech began, never the newest silence (it may be the end)."""
        self._held = np.concatenate([self._held, block])
        sounding = np.flatnonzero(_levels(self._held) > SILENCE_DBFS)
        if not len(sounding):
            return self._drop_before(len(self._held) - _PREROLL - _WINDOW) if not self._has_begun else self._let_out(0)
        if not self._has_begun:
            self._drop_before(int(sounding[0]) * _WINDOW - _PREROLL)
            sounding = np.flatnonzero(_levels(self._held) > SILENCE_DBFS)
            ramp = np.linspace(0.0, 1.0, min(_FADE_IN, len(self._held)), dtype=np.float32)
            self._held[: len(ramp)] *= ramp
            self._has_begun = True
        # The fade-out must still be possible on what is held back.
        return self._let_out(int(sounding[-1]) * _WINDOW - _FADE_OUT) if len(sounding) else self._let_out(0)

    def finish(self) -> Samples:
        """The rest, up to a short tail after the last sound, faded out."""
        sounding = np.flatnonzero(_levels(self._held) > SILENCE_DBFS)
        end = (int(sounding[-1]) + 1) * _WINDOW + _TAIL if len(sounding) else _TAIL
        rest = self._held[:end].copy() if self._has_begun else np.zeros(0, dtype=np.float32)
        ramp = np.linspace(1.0, 0.0, min(_FADE_OUT, len(rest)), dtype=np.float32)
        if len(ramp):
            rest[-len(ramp) :] *= ramp
        self._held = np.zeros(0, dtype=np.float32)
        return rest

    def _drop_before(self, at: int) -> Samples:
        self._held = self._held[max(0, at) :]
        return np.zeros(0, dtype=np.float32)

    def _let_out(self, n_samples: int) -> Samples:
        n_samples = max(0, n_samples)
        out, self._held = self._held[:n_samples], self._held[n_samples:]
        return out


def _levels(samples: Samples) -> NDArray[np.float64]:
    """Level of each whole window of 5 ms, dB; shape (n // _WINDOW,)."""
    whole = len(samples) // _WINDOW
    if not whole:
        return np.zeros(0)
    windows = samples[: whole * _WINDOW].reshape(whole, _WINDOW).astype(np.float64)
    return np.asarray(10.0 * np.log10(np.mean(np.square(windows), axis=1) + 1e-12))
