"""A sentence of the stock voice turned into the copy's while it is still being made, stretch by stretch.

Each stretch is taken apart with some sound on either side, changed and put together again. A vocoder starts its pulses
anew in each stretch, so a stretch is slid by less than a pitch period to where it fits the one before, and faded over.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from services.tts.engines.likeness import Likeness
from services.tts.engines.piper_net import HOP, PiperNet, Track
from services.tts.engines.world import BLOCK, FRAME_MS, WORLD_HZ, Floats, analyse, quick_pitch, synthesise

_BEFORE = 8 * BLOCK
"""Sound before a stretch that its analysis sees: 160 ms, for the pitch tracker to settle."""
_AFTER = 4 * BLOCK
"""Sound after it: 80 ms, more than two periods of the deepest voice and the glide of the change."""
_SLIDE = 176
"""Most a stretch is slid, 8 ms: a period of 125 Hz."""
_FADE = 220
"""10 ms in which one stretch goes over into the next."""
_SILENT = 10.0**-5.5
"""Power below which no voice is filled in."""
_STRAY = 0.6
"""Natural log: pitch further from the voice's own is taken for an octave error."""

STOCK_PITCH = 65.0, 260.0
"""Hz between which the stock voice speaks."""


def pitch_of_stock(samples: Floats, is_voiced: NDArray[np.bool_], log_pitch: float | None) -> Floats:
    """Pitch of the stock voice, every FRAME_MS.

    The quick tracker drops out where this voice creaks. But we know which phonemes are voiced: there, gaps are bridged.

    Args:
        samples: The voice at WORLD_HZ, shape (n,).
        is_voiced: Whether a voiced phoneme is meant, per FRAME_MS; as `frames_of` makes them, or longer.
        log_pitch: Mean of the voice's log pitch; None while it is not known.
    """
    pitch = quick_pitch(samples, *STOCK_PITCH)
    heard = pitch > 0.0
    if not heard.any():
        return pitch
    middle = log_pitch if log_pitch is not None else float(np.log(np.median(pitch[heard])))
    heard &= np.abs(np.log(np.maximum(pitch, 1.0)) - middle) < _STRAY
    if not heard.any():
        return np.zeros_like(pitch)
    at = np.arange(len(pitch))
    bridged = np.interp(at, at[heard], pitch[heard])
    meant = is_voiced[: len(pitch)] & (_power(samples, len(pitch)) > _SILENT)
    return np.where(heard, pitch, np.where(meant, bridged, 0.0))


def frames_of(is_voiced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A flag per sample as a flag per FRAME_MS, one more than whole frames, as the pitch trackers count."""
    at = np.arange(int(len(is_voiced) / WORLD_HZ * 1000.0 / FRAME_MS) + 1) * (WORLD_HZ * FRAME_MS / 1000.0)
    return np.asarray(is_voiced[np.minimum(at.astype(int), len(is_voiced) - 1)])


def _power(samples: Floats, n_frames: int) -> Floats:
    """Mean power in 10 ms around each frame, shape (n_frames,)."""
    sums = np.concatenate([[0.0], np.cumsum(samples * samples)])
    middle = (np.arange(n_frames) * FRAME_MS / 1000.0 * WORLD_HZ).astype(int)
    low, high = np.clip(middle - 110, 0, len(samples)), np.clip(middle + 110, 0, len(samples))
    return np.asarray((sums[high] - sums[low]) / np.maximum(high - low, 1))


class ShapedSpeech:
    """One sentence on its way from the stock voice to the copy's."""

    def __init__(self, net: PiperNet, track: Track, likeness: Likeness) -> None:
        self._net = net
        self._track = track
        self._likeness = likeness
        self._stock: Floats = np.zeros(0)
        self._is_voiced = frames_of(np.repeat(track.is_voiced, HOP))
        self._tail: Floats = np.zeros(0)
        """The last stretch's sound beyond its end: what the next must fit."""

    def stretches(self, first_s: float, then_s: float) -> Iterator[Floats]:
        """The sentence, gapless, at WORLD_HZ; the first stretch is short so that it is heard early."""
        total = self._track.frames * HOP
        start, step = 0, _blocks(first_s)
        while start < total:
            end = min(start + step, total)
            if total - end < _blocks(first_s):  # no crumb at the end
                end = total
            self._make_stock(min(end + _AFTER, total))
            yield self._joined(self._shaped(start, end), is_first=start == 0, length=end - start)
            start, step = end, _blocks(then_s)

    def _make_stock(self, n_samples: int) -> None:
        done = len(self._stock) // HOP
        wanted = min(-(-n_samples // HOP), self._track.frames)
        if wanted > done:
            self._stock = np.concatenate([self._stock, self._net.sound(self._track, done, wanted).astype(np.float64)])

    def _shaped(self, start: int, end: int) -> Floats:
        """Sound from _SLIDE before `start` (but not before 0) to _SLIDE + _FADE beyond `end` (as far as there is any)."""
        low = max(0, start - _BEFORE)
        samples = np.ascontiguousarray(self._stock[low : end + _AFTER])
        is_voiced = self._is_voiced[low // BLOCK * 4 :]
        pitch = pitch_of_stock(samples, is_voiced, self._likeness.stock_log_pitch)
        sound = synthesise(self._likeness.apply(analyse(samples, pitch)))
        lead = min(start, _SLIDE)
        return sound[start - low - lead : end - low + _SLIDE + _FADE]

    def _joined(self, sound: Floats, *, is_first: bool, length: int) -> Floats:
        """`length` samples that go on where the last stretch ended; keeps what reaches beyond."""
        if is_first:
            out = sound
        else:
            at = _fit(self._tail[:_FADE], sound)
            out = sound[at:]
            ramp = np.linspace(0.0, 1.0, _FADE)
            out = np.concatenate([self._tail[:_FADE] * (1.0 - ramp) + out[:_FADE] * ramp, out[_FADE:]])
        self._tail = out[length:]
        return np.asarray(out[:length])


def _fit(tail: Floats, sound: Floats) -> int:
    """Where in the first 2 * _SLIDE samples of `sound` it is most like `tail`."""
    searched = sound[: 2 * _SLIDE + len(tail)]
    scores = np.correlate(searched, tail, mode="valid")
    energy = np.convolve(np.square(searched), np.ones(len(tail)), mode="valid")
    return int(np.argmax(scores / np.sqrt(energy + 1e-9)))


def _blocks(seconds: float) -> int:
    """So many samples, a whole number of BLOCKs, at least one."""
    return max(1, round(seconds * WORLD_HZ / BLOCK)) * BLOCK
