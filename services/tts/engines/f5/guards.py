"""What a clause must be like to be let out. A flow that fails does not crash: it babbles, hums, falls silent or repeats. Pure."""

import numpy as np
from numpy.typing import NDArray

from services.tts.loudness import SILENCE_DBFS, TARGET_DBFS, Samples
from shared.audio import VOICE_HZ
from shared.errors import EngineFailed

Frames = NDArray[np.float32]
"""Log mel spectrogram, shape (n, bands)."""

_TOO_LONG = 1.25
_WINDOW = VOICE_HZ // 100
_LEAST_SOUND_S = 0.12
"""The shortest word there is."""
_FAINT_DB = SILENCE_DBFS - TARGET_DBFS
"""So far below the voice's own loudness a window is silence."""

_HEARD = 40
"""Frames that are compared, 0.43 s: a word."""
_HEAD = 48
"""Frames at the beginning of a clause in which the end of the reference has been heard to come back."""
_SOFT = 4.0
"""Nats below the loudest frame down to which a frame sounds."""
_SOUNDING = 0.75
"""Share of a stretch that must sound: all silences are alike."""
_GROUP = 4
"""Bands taken together: what tells two syllables apart is broader than one."""
_STEP = 2
_COPIED = 0.97
"""Likeness from which a stretch is the reference's own. Of eleven people saying other words, or the same words a second time, nobody
reaches it (0.96 once, else 0.88); a copy with noise on it has 0.95 to 0.99, a clean one 1."""


def check_frames(frames: Frames) -> None:
    """Raises EngineFailed unless all are numbers."""
    if not np.isfinite(frames).all():
        raise EngineFailed('f5: the network made no numbers (NaN); if it happens again, set precision = "fp32"')


def check_sound(sound: Samples, wanted: int) -> None:
    """Raises EngineFailed unless `sound`, at its final loudness, is there, is numbers and is about `wanted` samples long."""
    if not np.isfinite(sound).all():
        raise EngineFailed("f5: the vocoder made no numbers (NaN)")
    if len(sound) > _TOO_LONG * wanted + _WINDOW:
        raise EngineFailed(f"f5: {len(sound) / VOICE_HZ:.1f} s of sound for words that take {wanted / VOICE_HZ:.1f} s")
    whole = len(sound) // _WINDOW * _WINDOW
    power = np.square(sound[:whole].reshape(-1, _WINDOW).astype(np.float64)).mean(axis=1)
    sounding = np.count_nonzero(power > 10.0 ** (SILENCE_DBFS / 10.0)) * _WINDOW / VOICE_HZ
    if sounding < _LEAST_SOUND_S:
        raise EngineFailed("f5: silence instead of words")


class Echo:
    """Tells whether a clause begins with a stretch of the reference: the visitor must not hear a recording of themselves.

    Compared is how the spectrum moves, the voice's mean taken out: one person is like himself in the mean, not in the moment.
    """

    def __init__(self, reference: Frames) -> None:
        level = reference.mean(axis=1)
        self._floor = float(level.max(initial=0.0)) - _SOFT
        sounds = level > self._floor
        self._voice = _grouped(reference[sounds]).mean(axis=0) if sounds.any() else np.float32(0.0)
        self._said = self._stretches(reference)

    def likest(self, made: Frames) -> float:
        """How like (-1..1) the stretch of `made` is that is likest any of the reference; -1 where nothing sounds that long."""
        return float((self._stretches(made)[::_STEP] @ self._said.T).max(initial=-1.0))

    def check(self, made: Frames) -> None:
        """Raises EngineFailed if the beginning of `made` is a copy."""
        if self.likest(made[: _HEAD + _HEARD]) > _COPIED:
            raise EngineFailed("f5: the clause repeats the reference instead of speaking")

    def _stretches(self, frames: Frames) -> Frames:
        """All stretches of _HEARD frames that sound, as unit vectors, shape (n, _HEARD * bands / _GROUP)."""
        bands = _grouped(frames) - self._voice
        if len(frames) < _HEARD:
            return np.zeros((0, _HEARD * bands.shape[1]), dtype=np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(bands, _HEARD, axis=0)
        sounding = np.convolve(frames.mean(axis=1) > self._floor, np.ones(_HEARD), mode="valid") >= _SOUNDING * _HEARD
        chosen = windows[sounding].reshape(int(sounding.sum()), _HEARD * bands.shape[1])
        centred = chosen - chosen.mean(axis=1, keepdims=True)
        return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6), dtype=np.float32)


def _grouped(frames: Frames) -> Frames:
    return np.asarray(frames.reshape(len(frames), frames.shape[1] // _GROUP, _GROUP).mean(axis=2), dtype=np.float32)
