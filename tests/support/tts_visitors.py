"""Recorded people (tests/visitors, a licence beside each) as voice samples."""

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from services.tts.synthesizer import VoiceSample
from shared.audio import MICROPHONE_HZ

VISITORS = Path(__file__).resolve().parent.parent / "visitors"

WORDS = "Some people keep a promise longer than a house."

RAINBOW = (
    "The difference in the rainbow depends considerably upon the size of the drops, and the width of the coloured band "
    "increases as the size of the drops increases."
)


def recording(name: str) -> NDArray[np.float32]:
    """A recording as `visitor/file`, 16 kHz mono, shape (n,)."""
    sound, rate_hz = soundfile.read(VISITORS / name, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate_hz, MICROPHONE_HZ), dtype=np.float32)


def visitor_sample() -> VoiceSample:
    """Eight seconds of somebody reading."""
    return VoiceSample(samples=recording("terse/rainbow.flac"), text=RAINBOW)
