"""What is kept of a voice: how high it is, how its spectrum leans, and the frames it sounds with. Pure numpy.

Of a visitor this is biometric, though nothing in it can be played: it dies with the visit.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.tts.engines.world import BINS, HERTZ, Floats

MATCHED = 16
"""Cepstra two frames are compared by: enough for vowels, too few for the pitch to show."""

_BANDS = 40

_SMOOTH = 40
"""Cepstra that make up an envelope's shape."""

_TOLD_HZ = 7_000.0
"""Above it a sample taken at 16 kHz tells nothing."""

_SOFT_DB = 35.0
"""Voiced frames so much below the loudest are left out: they are mostly room."""

_ENOUGH = 100
"""Voiced frames a print is made of at the least: half a second."""

TOLD = np.clip((_TOLD_HZ + 600.0 - HERTZ) / 1_000.0, 0.0, 1.0)
"""How far each bin of a sample can be trusted, 0..1."""

_EDGE = (HERTZ > _TOLD_HZ - 1_200.0) & (HERTZ < _TOLD_HZ - 200.0)
_LEVEL_BINS = int(np.searchsorted(HERTZ, _TOLD_HZ))


def _cosines(n_points: int, n: int) -> Floats:
    """The first n rows of the orthonormal DCT-II, transposed: shape (n_points, n)."""
    k, points = np.arange(n), np.arange(n_points)
    table = np.cos(np.pi * k[None, :] * (2.0 * points[:, None] + 1.0) / (2.0 * n_points)) * np.sqrt(2.0 / n_points)
    table[:, 0] /= np.sqrt(2.0)
    return np.asarray(table)


def _ear(lowest_hz: float, highest_hz: float) -> Floats:
    """Triangles evenly spaced on the mel scale, each summing to 1: shape (BINS, _BANDS)."""
    mel = np.linspace(1127.0 * np.log1p(lowest_hz / 700.0), 1127.0 * np.log1p(highest_hz / 700.0), _BANDS + 2)
    centres = 700.0 * np.expm1(mel / 1127.0)
    up = (HERTZ[:, None] - centres[None, :-2]) / (centres[1:-1] - centres[:-2])
    down = (centres[None, 2:] - HERTZ[:, None]) / (centres[2:] - centres[1:-1])
    triangles = np.maximum(np.minimum(up, down), 0.0)
    return np.asarray(triangles / triangles.sum(axis=0))


_SHAPES = _cosines(BINS, _SMOOTH)
_HEARD = _ear(100.0, _TOLD_HZ) @ _cosines(_BANDS, MATCHED + 1)[:, 1:]


def cepstra(log_envelope: Floats) -> Floats:
    """Shape of a spectrum as an ear would compare it, loudness left out. (..., BINS) -> (..., MATCHED)."""
    return np.asarray(log_envelope @ _HEARD)


def smooth(log_envelope: Floats) -> Floats:
    """The broad shape of a spectrum. (..., BINS) -> (..., BINS)."""
    return np.asarray((log_envelope @ _SHAPES) @ _SHAPES.T)


def level(log_envelope: Floats) -> Floats:
    """Loudness of each frame, natural log of power, shape (n, 1)."""
    return np.asarray(log_envelope[:, :_LEVEL_BINS].mean(axis=1, keepdims=True))


def warp(log_envelope: Floats, factor: float) -> Floats:
    """Formants moved up by `factor` (a shorter throat: above 1). (..., BINS) -> (..., BINS)."""
    if abs(factor - 1.0) < 1e-3:
        return log_envelope
    at = np.clip(np.arange(BINS) / factor, 0, BINS - 1)
    below = np.floor(at).astype(int)
    above = np.minimum(below + 1, BINS - 1)
    share = at - below
    return np.asarray(log_envelope[..., below] * (1.0 - share) + log_envelope[..., above] * share)


def extended(change: Floats) -> Floats:
    """A change of spectrum learned from a 16 kHz sample, held constant where the sample tells nothing. Shape (BINS,)."""
    return np.asarray(change * TOLD + change[_EDGE].mean() * (1.0 - TOLD))


class VoicePrint(msgspec.Struct, frozen=True):
    """One voice."""

    log_pitch: float
    """Mean of the natural log of the pitch in Hz."""
    pitch_spread: float
    """Its standard deviation."""
    loudest: float
    """Level of the loudest frame."""
    log_envelope: Floats
    """All frames, level removed, shape (n, BINS)."""
    levels: Floats
    """Level of each frame, shape (n, 1)."""
    is_voiced: NDArray[np.bool_]
    """Frames clearly of the voice, shape (n,)."""

    @property
    def mean(self) -> Floats:
        """Mean spectrum of the voiced frames, shape (BINS,)."""
        return np.asarray(self.log_envelope[self.is_voiced].mean(axis=0))


def voiced(pitch: Floats, levels: Floats, loudest: float) -> NDArray[np.bool_]:
    """Which frames are clearly of the voice, shape (n,)."""
    return np.asarray((pitch > 0.0) & (levels[:, 0] > loudest - _SOFT_DB * np.log(10.0) / 10.0))


def take_print(pitch: Floats, envelope: Floats) -> VoicePrint | None:
    """The print of a voice; None if there is hardly any voice in it (under half a second).

    Args:
        pitch: Hz, 0 where there is none, one each FRAME_MS, shape (n,).
        envelope: Power spectra of the same frames, shape (n, BINS), > 0.
    """
    log_envelope = np.log(envelope)
    levels = level(log_envelope)
    is_voiced = voiced(pitch, levels, float(levels.max(initial=-99.0)))
    if is_voiced.sum() < _ENOUGH:
        return None
    log_pitch = np.log(pitch[is_voiced])
    log_pitch = log_pitch[np.abs(log_pitch - np.median(log_pitch)) < 0.55]  # octave errors
    return VoicePrint(
        log_pitch=float(log_pitch.mean()),
        pitch_spread=max(float(log_pitch.std()), 0.05),
        loudest=float(levels.max()),
        log_envelope=log_envelope - levels,
        levels=levels,
        is_voiced=is_voiced,
    )
