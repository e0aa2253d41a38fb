"""Where the words of a recording end, found by letting the stock voice read them too.

A transcript has no times. The stock voice knows to the frame when it says what; laid beside the recording, frame by frame, it
tells when the visitor says it. English only, like the stock voice.
"""

from collections.abc import Generator

import numpy as np
import soxr
from numpy.typing import NDArray

from services.tts.engines.alignment import path_between
from services.tts.engines.f5.word_cut import WordEnd
from services.tts.engines.piper_net import HOP, PIPER_HZ, PiperNet, Track
from services.tts.engines.world import Floats
from shared.audio import MICROPHONE_HZ

Samples = NDArray[np.float32]

_FRAME = MICROPHONE_HZ // 100
"""10 ms: what is compared."""
_WINDOW = 512
_BANDS = 32
_CEPSTRA = 14
_LATENT_S = HOP / PIPER_HZ
_STEP_FRAMES = 120
"""Latent frames read in one go, 1.4 s."""
_BOUNDARIES = frozenset(" ,.;:!?-\u2014")
_SOUNDING = -2.5
"""Spreads below the voice's mean loudness at which a sound still belongs to it."""
_STRAY = 1
"""Phonemes by which the start of a text, said alone, may differ from the same words in the whole."""


class ReadAlong:
    """The stock voice as a ruler. For one thread at a time."""

    def __init__(self, net: PiperNet) -> None:
        self._net = net

    def word_ends(self, samples: Samples, words: list[str]) -> Generator[None, None, list[WordEnd]]:
        """When each of `words` is over in `samples` (16 kHz, shape (n,)), in short steps; words run together are left out.

        Raises:
            EngineFailed: The words cannot be read.
        """
        tracks = list(self._net.tracks(" ".join(words), 1.0))
        yield
        read: list[Floats] = []
        for track in tracks:
            for start in range(0, track.frames, _STEP_FRAMES):
                read.append(self._net.sound(track, start, min(start + _STEP_FRAMES, track.frames)).astype(np.float64))
                yield
        stock = soxr.resample(np.concatenate(read), PIPER_HZ, MICROPHONE_HZ) if read else np.zeros(0)
        if min(len(stock), len(samples)) < _WINDOW * 4:
            return []
        path = _laid_beside(_features(stock), _features(samples.astype(np.float64)))
        yield
        ends = self._read_ends(tracks, words)
        there = np.interp([at for _, at in ends], path[:, 0] * 0.01, path[:, 1] * 0.01)
        return [WordEnd(count, float(at)) for (count, _), at in zip(ends, there, strict=True)]

    def _read_ends(self, tracks: list[Track], words: list[str]) -> list[tuple[int, float]]:
        """Number of words and when the stock voice had said them, seconds."""
        phonemes = [phoneme for track in tracks for phoneme in (*track.phonemes, " ")]
        starts = np.cumsum([0, *(track.frames for track in tracks)])
        ends = np.concatenate(
            [np.append(track.ends, track.frames) + start for track, start in zip(tracks, starts, strict=False)]
        )
        found: list[tuple[int, float]] = []
        for count in range(1, len(words)):
            place = len(self._net.phonemes(" ".join(words[:count]).rstrip(",.;:!?")))
            near = [at for at in range(place - _STRAY, place + _STRAY + 1) if 0 < at < len(phonemes)]
            edges = [at for at in near if phonemes[at] in _BOUNDARIES and phonemes[at - 1] not in _BOUNDARIES]
            if edges:
                found.append((count, float(ends[min(edges, key=lambda at: abs(at - place)) - 1]) * _LATENT_S))
        return found


def _laid_beside(stock: Floats, visitor: Floats) -> NDArray[np.int64]:
    """Frame of the one, frame of the other, shape (n, 2). From the first sound of both to the last: silence has no words."""
    (a0, a1), (b0, b1) = _span(stock), _span(visitor)
    return np.asarray(path_between(stock[a0:a1], visitor[b0:b1]) + np.array([a0, b0]))


def _span(features: Floats) -> tuple[int, int]:
    loud = np.flatnonzero(features[:, 0] > _SOUNDING)
    return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(features))


def _features(samples: Floats) -> Floats:
    """Shape of each 10 ms and how loud it is, on the voice's own scale: shape (frames, _CEPSTRA + 1)."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, _WINDOW // 2), _WINDOW)[::_FRAME]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), axis=1)))
    heard = np.log(power @ _ear() + 1e-7)
    k = np.arange(_CEPSTRA + 1)
    cosines = np.cos(np.pi * k[None, :] * (2.0 * np.arange(_BANDS)[:, None] + 1.0) / (2.0 * _BANDS))
    features = heard @ cosines
    loud = features[:, 0] > features[:, 0].max() - 8.0 * _BANDS
    return np.asarray((features - features[loud].mean(axis=0)) / (features[loud].std(axis=0) + 1e-6))


def _ear() -> Floats:
    """Triangles evenly spaced on the mel scale from 100 Hz to 7 kHz: shape (_WINDOW // 2 + 1, _BANDS)."""
    hertz = np.fft.rfftfreq(_WINDOW, 1.0 / MICROPHONE_HZ)
    mel = np.linspace(1127.0 * np.log1p(100.0 / 700.0), 1127.0 * np.log1p(7_000.0 / 700.0), _BANDS + 2)
    points = 700.0 * np.expm1(mel / 1127.0)
    up = (hertz[:, None] - points[None, :-2]) / np.diff(points)[:-1]
    down = (points[None, 2:] - hertz[:, None]) / np.diff(points)[1:]
    return np.asarray(np.maximum(np.minimum(up, down), 0.0))
