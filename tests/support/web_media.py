"""A made-up voice and a made-up face for the browser's fake microphone and fake camera."""

import wave
from pathlib import Path

import numpy as np

from shared.audio import MICROPHONE_HZ, to_bytes
from tests.support.web_fake_session import portrait


def write_voice(path: Path, seconds: float = 4.0, level: float = 0.2) -> Path:
    """A buzz of 130 Hz with formants, swelling five times a second as syllables do; peak `level`; 48 kHz, as sound cards give."""
    rate = 3 * MICROPHONE_HZ
    at = np.arange(round(seconds * rate)) / rate
    harmonics = range(1, 30)
    weights = [1 / (1 + ((130 * n - 600) / 300) ** 2) + 0.4 / (1 + ((130 * n - 1700) / 300) ** 2) for n in harmonics]
    buzz = sum(weight * np.sin(2 * np.pi * 130 * n * at + n * n) for n, weight in zip(harmonics, weights, strict=True))
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * at), 0.05, 1) ** 0.7
    voice = buzz * syllables
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(to_bytes(level * voice / np.max(np.abs(voice))))
    return path


def write_film(path: Path, frames: int = 75) -> Path:
    """A swaying head as a film that Chromium's fake camera plays: MJPEG, JPEG after JPEG."""
    path.write_bytes(b"".join(portrait(number) for number in range(frames)))
    return path
