"""How good a recording of a voice is: loudness, noise, clipping, reverberation, pitch. Pure.

Thresholds for what follows from these numbers stand in `voice_sample`.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.asr.transcriber import Pcm
from services.asr.vad import FRAME, FRAME_S
from shared.audio import MICROPHONE_HZ

Mask = NDArray[np.bool_]
Power = NDArray[np.float64]

GUARD = 3
"""Frames beside speech that count as neither speech nor room: 96 ms of onset, release and reverberation."""

FLOOR = 1e-9
"""Power of a room without noise: -90 dBFS, the step of 16 bits."""

_HOP = 160
_DECAY = 11
# Level every 10 ms; a decay lasts 110 ms: shorter ones stand inside syllables.


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of one recording."""

    speech_s: float
    speech_dbfs: float
    """Mean loudness of the speech."""
    snr_db: float
    """Speech against the room; within 1.5 dB of the truth between 5 and 20 dB, too low above 25."""
    clipped: int
    """Samples that lie flat on the peak."""
    decays_per_s: float
    """Free decays in a second of speech: a room fills the gaps in which they would be seen. 5 and more where it is dry,
    2 at a reverberation time of 0.8 s, less than 1 from 1.2 s. (The slope of the decays tells nothing of the kind.)"""
    pitch_hz: float
    """Median pitch of the voiced stretches; 0 if there were too few."""


def measure(sound: Pcm, is_speech: Mask) -> Quality:
    """Measure a recording.

    Args:
        sound: Shape (n,), -1..1, 16 kHz.
        is_speech: Per whole frame of 512 samples whether it holds speech, shape (n // 512,).
    """
    frames = sound[: is_speech.size * FRAME].reshape(-1, FRAME)
    power: Power = np.mean(np.square(frames, dtype=np.float64), axis=1) if frames.size else np.zeros(0)
    speech_s = float(is_speech.sum()) * FRAME_S
    room = _room_power(power, is_speech)
    loud = max(float(power[is_speech].mean()) if is_speech.any() else 0.0, FLOOR)
    return Quality(
        speech_s=speech_s,
        speech_dbfs=10.0 * float(np.log10(loud)),
        snr_db=10.0 * float(np.log10(max(loud - room, FLOOR) / room)),
        clipped=_clipped(sound),
        decays_per_s=_decays(sound, is_speech) / speech_s if speech_s else 0.0,
        pitch_hz=_pitch(frames, is_speech),
    )


def _room_power(power: Power, is_speech: Mask) -> float:
    """Power of the frames well away from speech; where there are none, of the quietest twentieth."""
    if not power.size:
        return FLOOR
    near = np.convolve(is_speech.astype(np.float64), np.ones(2 * GUARD + 1), "full")[GUARD:-GUARD] > 0
    room = power[~near]
    return max(float(np.median(room) if room.size >= 4 else np.percentile(power, 5)), FLOOR)


def _clipped(sound: Pcm) -> int:
    """Neighbours that are both within 2 % of the peak and alike: a clean recording has none, 6 dB too loud 290 and more."""
    if sound.size < 2:
        return 0
    size = np.abs(sound)
    peak = float(size.max())
    if peak < 0.05:
        return 0
    flat = (size[1:] >= 0.98 * peak) & (size[:-1] >= 0.98 * peak) & (np.abs(np.diff(sound)) <= 1e-3 * peak)
    return int(flat.sum())


def _decays(sound: Pcm, is_speech: Mask) -> int:
    """How often the level falls for 110 ms on end, by 8 dB or more, in speech."""
    if sound.size < (_DECAY + 4) * _HOP or not is_speech.any():
        return 0
    smooth = np.convolve(np.square(sound, dtype=np.float64), np.ones(FRAME) / FRAME, "same")[::_HOP]
    windows = np.lib.stride_tricks.sliding_window_view(10.0 * np.log10(smooth + FLOOR), _DECAY)
    in_speech = is_speech[np.minimum(np.arange(windows.shape[0]) * _HOP // FRAME, is_speech.size - 1)]
    # 0.3 dB: a pitch period that falls across two hops makes a step.
    falls = (np.diff(windows, axis=1) < 0.3).all(axis=1) & (windows[:, 0] - windows[:, -1] > 8.0)
    return int((falls & in_speech).sum())


def _pitch(frames: Pcm, is_speech: Mask) -> float:
    """Median pitch by autocorrelation over two frames (64 ms), 65 to 400 Hz, where the voice is clear."""
    pairs = np.concatenate([frames[:-1], frames[1:]], axis=1)[is_speech[:-1] & is_speech[1:]]
    if pairs.shape[0] < 8:
        return 0.0
    pairs = (pairs - pairs.mean(axis=1, keepdims=True)) * np.hanning(2 * FRAME)
    spectrum = np.abs(np.fft.rfft(pairs, 4 * FRAME, axis=1)) ** 2
    lags = np.fft.irfft(spectrum, axis=1)
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(2 * FRAME), 4 * FRAME)) ** 2)
    shortest, longest = MICROPHONE_HZ // 400, MICROPHONE_HZ // 65
    tapered = window[shortest:longest] / window[0]
    clear = lags[:, shortest:longest] / np.maximum(lags[:, :1], 1e-12) / tapered
    voiced = clear.max(axis=1) > 0.6
    if voiced.sum() < 8:
        return 0.0
    # The first lag that is nearly the best: later ones are multiples of the period.
    first = (clear[voiced] >= 0.9 * clear[voiced].max(axis=1, keepdims=True)).argmax(axis=1)
    return float(MICROPHONE_HZ / np.median(first + shortest))
