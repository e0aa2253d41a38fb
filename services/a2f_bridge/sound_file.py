"""A sound file as speech for an animator. Nothing of it is kept."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.a2f_bridge.face_animator import Speech
from shared.audio import VOICE_HZ
from shared.errors import BadInput

LONGEST_S = 600.0
RATES_HZ = range(8_000, 192_001)
_FULL_SCALE = {1: 2.0**7, 2: 2.0**15, 3: 2.0**23, 4: 2.0**31}


def read_speech(path: Path) -> Speech:
    """A PCM WAV file of any usual rate and width as mono speech at 24 kHz; channels are averaged.

    Raises:
        BadInput: Not there, no PCM WAV, empty, too long, or of an impossible rate; says what would do.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate_hz, frames = file.getparams()[:4]
            payload = file.readframes(min(frames, int(LONGEST_S * rate_hz) + 1))
    except FileNotFoundError as error:
        raise BadInput(f"sound: there is no file {path}") from error
    except (OSError, EOFError, wave.Error) as error:
        raise BadInput(f"sound: {path} is no PCM WAV file ({error}); convert it to 16-bit mono WAV") from error
    if rate_hz not in RATES_HZ:
        raise BadInput(
            f"sound: {path} has {rate_hz} samples a second; {RATES_HZ.start} to {RATES_HZ.stop - 1} are possible"
        )
    samples = _samples(payload[: len(payload) // (channels * width) * channels * width], width)
    if samples.size == 0:
        raise BadInput(f"sound: {path} has no samples in it")
    if samples.size // channels > LONGEST_S * rate_hz:
        raise BadInput(f"sound: {path} is longer than {LONGEST_S:.0f} s; cut it")
    return resample(samples.reshape(-1, channels).mean(axis=1), rate_hz)


def _samples(payload: bytes, width: int) -> NDArray[np.float64]:
    if width == 1:  # the one width that WAV keeps without a sign
        return (np.frombuffer(payload, np.uint8).astype(np.float64) - 128.0) / _FULL_SCALE[1]
    if width == 3:
        padded = np.zeros((len(payload) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(payload, np.uint8).reshape(-1, 3)
        return padded.view("<i4")[:, 0] / _FULL_SCALE[4]
    return np.frombuffer(payload, f"<i{width}") / _FULL_SCALE[width]


def resample(samples: NDArray[np.float64], rate_hz: int) -> Speech:
    """The whole of a sound at 24 kHz, by cutting or padding its spectrum; shape (n,) -> (round(n * 24000 / rate),)."""
    wanted = max(1, round(len(samples) * VOICE_HZ / rate_hz))
    if wanted == len(samples):
        return samples.astype(np.float32)
    spectrum = np.fft.rfft(samples)
    return np.asarray(np.fft.irfft(spectrum, wanted) * (wanted / len(samples)), np.float32)
