"""Guards against words nobody said: what speech models make of noise, breath and hum. Pure."""

import zlib

import msgspec

from services.asr.partials import words

_FAVOURITES = frozenset(
    {
        ("you",),
        ("thank", "you"),
        ("thanks", "for", "watching"),
        ("thank", "you", "for", "watching"),
        ("the",),
        ("the", "end"),
    }
)
# What Moonshine and Whisper say to silence, hum and noise. "Okay" or "oh" are left out: they are answers.


LIKELY_NOBODY = 0.6
LEAST_CONFIDENCE = 0.6
"""Whisper on human utterances, clean to 10 dB of noise: `no_speech` 0.23 at most, confidence 0.56 at least. On silence, hiss, hum, beeps
and claps: 0.75 at least, and 0.55 at most. Both at once are never speech."""

MOST_COMPRESSION = 2.4
"""Whisper's own."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an utterance beside its text."""

    speech_s: float
    """Seconds the VAD took for speech."""
    span_s: float
    """Seconds from the first speech to the last, pauses included."""
    mean_p: float
    """Mean speech probability over the speech frames."""
    no_speech: float = 0.0
    """The engine's own doubt, 0..1; 0 if it has none."""
    confidence: float = 0.0
    """How sure the engine is of the words, 0..1; 0 if it does not say."""


def doubt(text: str, evidence: Evidence) -> str:
    """Why this text should not be believed: no_words, invented or noise; empty if it should."""
    heard = words(text)
    if not heard:
        return "no_words"
    is_thin = evidence.speech_s < 0.35 or evidence.mean_p < 0.7
    if heard in _FAVOURITES and (is_thin or evidence.no_speech > LIKELY_NOBODY):
        return "invented"
    if evidence.mean_p < 0.5:
        return "noise"
    if evidence.no_speech > LIKELY_NOBODY and (
        evidence.speech_s < 0.4 * max(evidence.span_s, 1e-9) or 0 < evidence.confidence < LEAST_CONFIDENCE
    ):
        return "noise"
    # 8 words a second is twice a fast speaker.
    if len(heard) > 3 + 8 * evidence.speech_s or _is_chant(heard) or compression(text) > MOST_COMPRESSION:
        return "invented"
    return ""


def compression(text: str) -> float:
    """How many times shorter zlib makes a text: speech stays below 2, what goes in circles does not."""
    whole = text.encode()
    return len(whole) / len(zlib.compress(whole)) if whole else 0.0


def _is_chant(heard: tuple[str, ...]) -> bool:
    """Whether most of the text is one word said six times on end or more, or two to four words said four times."""
    for size, times in ((1, 6), (2, 4), (3, 4), (4, 4)):
        alike = sum(heard[i : i + size] == heard[i + size : i + 2 * size] for i in range(len(heard) - 2 * size + 1))
        covered = alike + 2 * size - 1 if alike else 0
        if covered >= max(size * times, 0.6 * len(heard)):
            return True
    return False
