"""PCM arithmetic. On the bus, sound is always mono int16 little-endian; inside engines, float32 in -1..1."""

import numpy as np
from numpy.typing import NDArray

MICROPHONE_HZ = 16_000
"""Sample rate of what the visitor says, everywhere between kiosk and asr."""

VOICE_HZ = 24_000
"""Sample rate of what the mirror says, everywhere between tts and loudspeaker."""

MICROPHONE_CHUNK = 320
"""Samples in one microphone chunk: 20 ms at 16 kHz."""

VOICE_CHUNK = 2_400
"""Samples in one speech chunk: 100 ms at 24 kHz; the last of a clause may be shorter."""


def to_float(pcm: bytes) -> NDArray[np.float32]:
    """Int16 little-endian bytes as float32 in -1..1, shape (n,). A trailing odd byte is an error of the caller."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768.0)


def to_bytes(samples: NDArray[np.floating]) -> bytes:
    """Samples in -1..1, shape (n,), as int16 little-endian bytes; out-of-range values are clipped, NaN is silence."""
    finite = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    return bytes(np.clip(np.round(finite * 32767.0), -32768, 32767).astype("<i2").tobytes())


def rms_dbfs(samples: NDArray[np.floating]) -> float:
    """Loudness of float samples in -1..1, shape (n,): dB relative to a full-scale square wave, -inf for silence or n = 0."""
    if samples.size == 0:
        return float("-inf")
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return 10.0 * float(np.log10(power)) if power > 0.0 else float("-inf")
