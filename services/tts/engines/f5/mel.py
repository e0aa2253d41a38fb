"""Sound as F5 and Vocos see it: the log of a mel spectrogram, 94 frames a second.

The same numbers that torchaudio's MelSpectrogram gives with power 1, the HTK scale and no norm (a test compares the bank with
librosa's), so that torchaudio, whose wheels are tied to one build of torch, is not needed.
"""

import functools
import math

import torch

from shared.audio import VOICE_HZ

BANDS = 100
HOP = 256
FRAMES_PER_S = VOICE_HZ / HOP
_WINDOW = 1_024
_FLOOR = 1e-5

SILENCE = math.log(_FLOOR)
"""Every band of a silent frame."""


def log_mel(sound: torch.Tensor) -> torch.Tensor:
    """Frames of `sound` (float32, 24 kHz, shape (n,), n > 512): float32, shape (n // HOP + 1, BANDS)."""
    bank, window = _bank(sound.device), torch.hann_window(_WINDOW, device=sound.device)
    spectrum = torch.stft(sound, _WINDOW, HOP, _WINDOW, window, center=True, pad_mode="reflect", return_complex=True)
    return (spectrum.abs().T @ bank).clamp(min=_FLOOR).log()


@functools.lru_cache(maxsize=4)
def _bank(device: torch.device) -> torch.Tensor:
    """Triangles of height 1 between points evenly spaced on the HTK mel scale: shape (_WINDOW // 2 + 1, BANDS)."""
    top = 2595.0 * math.log10(1.0 + VOICE_HZ / 2.0 / 700.0)
    points = 700.0 * (10.0 ** (torch.linspace(0.0, top, BANDS + 2) / 2595.0) - 1.0)
    hertz = torch.linspace(0.0, VOICE_HZ / 2.0, _WINDOW // 2 + 1)
    slopes = points[None, :] - hertz[:, None]
    width = points[1:] - points[:-1]
    up, down = -slopes[:, :-2] / width[:-1], slopes[:, 2:] / width[1:]
    return torch.minimum(up, down).clamp(min=0.0).to(device)
