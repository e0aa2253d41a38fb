"""A sentence of the stock voice turned into the copy's while it is still being made, stretch by stretch.

Each stretch is taken apart with some sound on either side, changed and put together again. A vocoder starts its pulses
anew in each stretch, so a stretch is slid by less than a pitch period to where it fits the one before, and faded over.
"""

from collections.abc import Iterator

import numpy as np

from services.tts.engines.likeness import Likeness
from services.tts.engines.piper_net import HOP, PiperNet, Track
from services.tts.engines.pitch import frames_of, pitch_of_stock
from services.tts.engines.world import BLOCK, WORLD_HZ, Floats, analyse, synthesise

_BEFORE = 8 * BLOCK
"""Sound before a stretch that its analysis sees: 160 ms, for the pitch tracker to settle."""
_AFTER = 4 * BLOCK
"""Sound after it: 80 ms, more than two periods of the deepest voice and the glide of the change."""
_SLIDE = 176
"""Most a stretch is slid, 8 ms: a period of 125 Hz."""
_FADE = 220
"""10 ms in which one stretch goes over into the next."""


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
