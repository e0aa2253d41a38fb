"""From the stock voice toward the visitor's, frame by frame. Pure numpy.

Three steps, each worth something by itself (docs/adr/0041): pitch and its spread; formants and the lean of the spectrum; and
each voiced frame drawn toward the visitor's own frames of the same sound.
"""

from collections.abc import Generator
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.tts.engines.alignment import align, best_warp, both_voiced, match, squares
from services.tts.engines.voice_print import MATCHED, TOLD, VoicePrint, cepstra, extended, level, smooth, voiced, warp
from services.tts.engines.world import BINS, Floats, Frames
from shared.errors import EngineFailed

_NEAREST = 4
"""Frames of the visitor that are averaged for one of ours: fewer sound rough, more sound dull."""

_LIMIT = 15.0 * np.log(10.0) / 10.0
"""Most the lean of the spectrum is changed, 15 dB: beyond it the sample's microphone is copied, not the voice."""

_BY_WORDS = 0.5

_HAN = np.hanning(11)[1:-1]
_GLIDE = _HAN / _HAN.sum()
"""45 ms over which a frame's change is smoothed: shorter and it bubbles."""

MARGIN = 4
"""Frames on either side that a frame's change depends on."""


class Likeness(msgspec.Struct, frozen=True):
    """What turns the stock voice's frames into the copy's. Holds spectra of the visitor."""

    stock_log_pitch: float
    log_pitch: float
    spread: float
    """Ratio of pitch spreads."""
    loudest: float
    """Of the stock voice: tells voiced frames from quiet ones."""
    warp: float
    lean: Floats
    """Added to every log spectrum, shape (BINS,)."""
    strength: float
    sounds: Floats
    """The visitor's voiced frames, log, level removed, shape (n, BINS)."""
    sound_shapes: Floats
    """The same as features, shape (n, MATCHED)."""
    stock_shapes: Floats
    """What the stock voice did at those words, as features, shape (n, MATCHED)."""
    shape_mean: Floats
    shape_spread: Floats
    stock_spread: Floats

    def apply(self, frames: Frames) -> Frames:
        """The frames as the visitor might have spoken them; loudness stays. Trust all but the outer MARGIN frames."""
        before = np.log(frames.envelope)
        is_voiced = voiced(frames.pitch, level(before), self.loudest)
        after: Floats = np.add(warp(before, self.warp), self.lean)
        if is_voiced.any():
            after = after + self.strength * _glided(self._toward(before, after, is_voiced)) * is_voiced[:, None]
        envelope = np.exp(after)
        envelope *= frames.envelope.sum(axis=1, keepdims=True) / envelope.sum(axis=1, keepdims=True)
        return Frames(self._pitch(frames.pitch), envelope, np.clip(warp(frames.breath, self.warp), 1e-6, 1.0))

    def _pitch(self, pitch: Floats) -> Floats:
        log_pitch = np.log(np.maximum(pitch, 1.0))
        moved = np.exp((log_pitch - self.stock_log_pitch) * self.spread + self.log_pitch)
        return np.where(pitch > 0.0, np.clip(moved, 55.0, 500.0), 0.0)

    def _toward(self, before: Floats, after: Floats, is_voiced: NDArray[np.bool_]) -> Floats:
        """Per frame, the way from `after` to the visitor's nearest frames; zero where there is no voice."""
        own, stock = after[is_voiced], before[is_voiced]
        shapes = (cepstra(own - level(own)) - self.shape_mean) / self.shape_spread
        said = cepstra(stock - level(stock)) / self.stock_spread
        distance = (1.0 - _BY_WORDS) * squares(shapes, self.sound_shapes) + _BY_WORDS * squares(said, self.stock_shapes)
        nearest = np.argpartition(distance, _NEAREST, axis=1)[:, :_NEAREST]
        wanted = self.sounds[nearest].mean(axis=1)
        change = np.zeros_like(after)
        change[is_voiced] = (wanted - level(wanted) + level(own) - own) * TOLD
        return change


def likeness(
    stock: VoicePrint, visitor: VoicePrint, same_words: VoicePrint | None, strength: float
) -> Generator[None, None, Likeness]:
    """How to get from `stock` to `visitor`, in steps.

    Args:
        stock: The voice to start from.
        visitor: The voice to come near.
        same_words: The stock voice saying what the visitor's sample says; None if its words are not known.
        strength: How far each sound is drawn toward the visitor's own, 0..1.
    """
    if same_words is None:
        same_words = stock
        pairs = match(stock, visitor)
    else:
        pairs = both_voiced(align(same_words, visitor), same_words, visitor)
    yield
    factor = best_warp(pairs, same_words, visitor)
    yield
    lean = extended(np.clip(smooth(visitor.mean - warp(stock.mean, factor)), -_LIMIT, _LIMIT))
    moved = cepstra(warp(stock.log_envelope[stock.is_voiced], factor) + lean)
    theirs = cepstra(visitor.log_envelope[visitor.is_voiced])
    stock_spread = cepstra(stock.log_envelope[stock.is_voiced]).std(axis=0) + 1e-6
    sounds = visitor.log_envelope[pairs[:, 1]]
    exact = Likeness(
        stock_log_pitch=stock.log_pitch,
        log_pitch=visitor.log_pitch,
        spread=float(np.clip(visitor.pitch_spread / stock.pitch_spread, 0.6, 1.6)),
        loudest=stock.loudest,
        warp=factor,
        lean=lean,
        strength=strength,
        sounds=sounds,
        sound_shapes=(cepstra(sounds) - theirs.mean(axis=0)) / (theirs.std(axis=0) + 1e-6),
        stock_shapes=cepstra(same_words.log_envelope[pairs[:, 0]]) / stock_spread,
        shape_mean=moved.mean(axis=0),
        shape_spread=moved.std(axis=0) + 1e-6,
        stock_spread=stock_spread,
    )
    return widened(rounded(exact))  # as whoever restores it will have it: the same samples before and after a restart


FORM = "likeness 1"
"""Another name whenever its fields come to mean something else: what an older service kept is not read then."""


def rounded(shape: Likeness) -> Likeness:
    """Its arrays rounded to what an ear can tell: half a megabyte for a usual sample."""
    return _recast(shape, np.float32, sounds=np.float16)


def widened(shape: Likeness) -> Likeness:
    """Ready to work with, the same to the last bit however often it goes to and fro.

    Raises:
        EngineFailed: Its arrays do not fit together.
    """
    n = shape.sounds.shape[0] if shape.sounds.ndim else 0
    expected = {
        "lean": (BINS,), "sounds": (n, BINS), "sound_shapes": (n, MATCHED), "stock_shapes": (n, MATCHED),
        "shape_mean": (MATCHED,), "shape_spread": (MATCHED,), "stock_spread": (MATCHED,),
    }  # fmt: skip
    if n <= _NEAREST or any(getattr(shape, name).shape != size for name, size in expected.items()):
        raise EngineFailed("piper: the arrays of a likeness do not fit together")
    return _recast(shape, np.float64, sounds=np.float64)


def _recast(shape: Likeness, kind: type[np.floating[Any]], *, sounds: type[np.floating[Any]]) -> Likeness:
    arrays = {name: field for name, field in msgspec.structs.asdict(shape).items() if isinstance(field, np.ndarray)}
    return msgspec.structs.replace(
        shape, **{name: field.astype(sounds if name == "sounds" else kind) for name, field in arrays.items()}
    )


def _glided(change: Floats) -> Floats:
    """Each bin smoothed along time."""
    padded = np.pad(change, ((MARGIN, MARGIN), (0, 0)))
    return np.asarray(sum(w * padded[i : i + len(change)] for i, w in enumerate(_GLIDE)))
