"""A visitor's sample made into what F5 continues: a few seconds that end with a word, brought to one loudness, and silence."""

import hashlib
from collections.abc import Callable, Generator

import msgspec
import numpy as np
import soxr
from numpy.typing import NDArray

from services.tts.engines.f5.spelling import spelled
from services.tts.engines.f5.word_cut import WordEnd, best_cut
from services.tts.loudness import Samples
from services.tts.speakable import clean
from services.tts.synthesizer import VoiceSample
from shared.audio import MICROPHONE_HZ, VOICE_HZ
from shared.errors import EngineFailed

_LEVEL_RMS = 0.1
"""The network was trained on speech of about this loudness; quieter references make quieter, rougher voices."""
_QUIETEST_DBFS = -60.0
_LEAST_S, _MOST_S = 1.5, 12.0
"""Beyond 12 s the network was not trained to look back."""
_LEAST_PACE, _MOST_PACE = 3.0, 30.0
"""Characters a second between which a text can be what is said."""
_ROOM = 400
"""Samples at 16 kHz kept around speech, 25 ms."""
_FADE_S = 0.01

PAUSE_S = 0.3
"""Silence behind the reference: without it its last sound runs on into the clause."""

FindWordEnds = Callable[[NDArray[np.float32], list[str]], Generator[None, None, list[WordEnd]]]
"""When words are over in a sample at 16 kHz."""


class Reference(msgspec.Struct, frozen=True):
    """What a voice is made of."""

    sound: Samples
    """24 kHz, shape (n,), at _LEVEL_RMS, PAUSE_S of silence at its end."""
    text: str
    """What is said in it, ending with a full stop and a blank."""
    speech_s: float
    """Its length without the silence."""


def seed_of(sample: VoiceSample) -> int:
    """One number a visit: the same after a restart, another for another sample."""
    digest = hashlib.blake2b(np.ascontiguousarray(sample.samples).tobytes(), digest_size=4)
    return int.from_bytes(digest.digest(), "little") >> 1


def reference(
    sample: VoiceSample, find: FindWordEnds | None, between_s: tuple[float, float], language: str
) -> Generator[None, None, Reference]:
    """The sample as a reference, in short steps.

    Args:
        sample: As the port takes it.
        find: Finds the ends of words; None: samples are kept whole.
        between_s: A longer sample is cut at the end of a word between these; where none can be trusted, it is kept whole.
        language: Of its text.

    Raises:
        EngineFailed: There is too little speech, or its words are not known.
    """
    samples = _spoken(np.nan_to_num(sample.samples))
    words = clean(sample.text).split()
    _check(len(samples) / MICROPHONE_HZ, " ".join(words))
    if find is not None and len(samples) > between_s[1] * MICROPHONE_HZ:
        ends = yield from find(samples, words)
        if (cut := best_cut(samples, MICROPHONE_HZ, words, ends, between_s)) is not None:
            words, samples = words[: cut[0]], samples[: cut[1]]
    yield
    sound = np.asarray(soxr.resample(samples, MICROPHONE_HZ, VOICE_HZ), dtype=np.float32)
    sound *= _LEVEL_RMS / max(float(np.sqrt(np.mean(np.square(sound)))), 1e-6)
    ramp = np.linspace(1.0, 0.0, int(_FADE_S * VOICE_HZ), dtype=np.float32)
    sound[-len(ramp) :] *= ramp
    silence = np.zeros(int(PAUSE_S * VOICE_HZ), dtype=np.float32)
    text = spelled(" ".join(words), language).rstrip(",;: ")
    text += " " if text.endswith((".", "!", "?")) else ". "
    return Reference(np.concatenate([sound, silence]), text, len(sound) / VOICE_HZ)


def _spoken(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """From the first sound to the last, at most _MOST_S."""
    frames = len(samples) // _ROOM
    power = np.square(samples[: frames * _ROOM].reshape(frames, _ROOM).astype(np.float64)).mean(axis=1)
    if not frames or 10.0 * np.log10(power.max() + 1e-12) < _QUIETEST_DBFS:
        raise EngineFailed("f5: nothing sounds in the sample")
    loud = np.flatnonzero(power > power.max() * 1e-4)  # 40 dB
    first, last = max(0, int(loud[0]) - 1), min(frames, int(loud[-1]) + 2)
    return samples[first * _ROOM : last * _ROOM].copy()


def _check(seconds: float, text: str) -> None:
    if not _LEAST_S <= seconds <= _MOST_S:
        raise EngineFailed(
            f"f5: a sample of {seconds:.1f} s; it takes {_LEAST_S} to {_MOST_S:.0f} s of speech to make a voice"
        )
    if not text:
        raise EngineFailed(
            "f5: the words of the sample are not known, and this model needs them; give a sample with its text"
        )
    if not _LEAST_PACE <= len(text) / seconds <= _MOST_PACE:
        raise EngineFailed(
            "f5: the text can hardly be the words of the sample, and this model needs them; give the right ones"
        )
