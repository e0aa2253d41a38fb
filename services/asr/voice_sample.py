"""The gate of the voice sample, and the cut: from what the visitor said to 5 to 9 s a voice can be made of. Pure."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.asr.splice import Run, runs_of, splice
from services.asr.utterance import Samples, as_float
from services.asr.vad import FRAME_S
from services.asr.voice_quality import Quality, measure

SPEECH_P = 0.5
"""Probability from which a frame counts as speech here."""

MIN_TAKE_S = 0.5
"""Utterances with less speech are left out: a yes says little of a voice."""

QUIETEST_DBFS = -48.0
"""Below it the sample would be amplified so much that 16 bits are heard."""

MIN_SNR_DB = 15.0
"""Noise is cloned along with the voice: 20 is good, below 15 it is heard in every word."""

MAX_CLIPPED = 100
"""Flat samples: clean recordings have none, 6 dB too loud has 290 and more."""

MIN_DECAYS_PER_S = 1.5
"""Below it the room speaks along: see `Quality.decays_per_s`. A reverberation time of 1.2 s is refused, 0.5 s never."""

MAX_PITCH_RATIO = 1.5
"""Between utterances of one voice the median pitch stays within a fifth; a man and a woman are 1.6 and more apart."""


class Take(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance, offered for the sample."""

    pcm: Samples
    """Mono, 16 kHz, shape (n,), with up to half a second of the room before and after."""
    probabilities: NDArray[np.float64]
    """Speech probability of each of its whole frames of 512 samples, shape (n // 512,)."""
    text: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How much speech the sample shall hold."""

    min_speech_s: float = 5.0
    max_speech_s: float = 9.0


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """It passed."""

    pcm: Samples
    """Mono, 16 kHz: pauses shortened, silence at both ends."""
    text: str
    """What is said in it; empty if an utterance had to be cut, so that nobody knows without hearing it again."""
    speech_s: float
    snr_db: float


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """It did not, or not yet."""

    reason: str
    """too_little, too_quiet, too_noisy, clipped, reverberant or several_speakers."""
    speech_s: float


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    order: int
    take: Take
    quality: Quality
    runs: tuple[Run, ...]

    @property
    def speech_s(self) -> float:
        return self.quality.speech_s


def judge(takes: Sequence[Take], wanted: Wanted) -> Taken | Refused:
    """Whether what has been gathered can become a voice. Takes that are bad by themselves are left out."""
    judged = [_measure(i, take) for i, take in enumerate(takes)]
    judged = [one for one in judged if one.speech_s >= MIN_TAKE_S]
    all_s = sum(one.speech_s for one in judged)
    if all_s < wanted.min_speech_s:
        return Refused(reason="too_little", speech_s=all_s)
    faults = {one.order: _fault(one.quality) for one in judged}
    good = [one for one in judged if not faults[one.order]]
    good_s = sum(one.speech_s for one in good)
    if good_s < wanted.min_speech_s:
        return Refused(reason=_main_fault(judged, faults), speech_s=good_s)
    voice = _one_voice(good)
    voice_s = sum(one.speech_s for one in voice)
    if voice_s < wanted.min_speech_s:
        return Refused(reason="several_speakers", speech_s=voice_s)
    if _is_reverberant(voice):
        return Refused(reason="reverberant", speech_s=voice_s)
    return _cut(voice, wanted)


def _measure(order: int, take: Take) -> _Judged:
    is_speech = take.probabilities >= SPEECH_P
    return _Judged(order=order, take=take, quality=measure(as_float(take.pcm), is_speech), runs=runs_of(is_speech))


def _fault(quality: Quality) -> str:
    if quality.clipped > MAX_CLIPPED:
        return "clipped"
    if quality.speech_dbfs < QUIETEST_DBFS:
        return "too_quiet"
    if quality.snr_db < MIN_SNR_DB:
        return "too_noisy"
    return ""


def _main_fault(judged: Sequence[_Judged], faults: dict[int, str]) -> str:
    """The fault that costs most speech."""
    lost: dict[str, float] = {}
    for one in judged:
        if fault := faults[one.order]:
            lost[fault] = lost.get(fault, 0.0) + one.speech_s
    return max(lost, key=lambda fault: lost[fault])


def _one_voice(good: Sequence[_Judged]) -> list[_Judged]:
    """Takes whose pitch fits that of the one with most speech; where pitch is unknown, the benefit of the doubt."""
    known = [one for one in good if one.quality.pitch_hz > 0]
    if not known:
        return list(good)
    main = max(known, key=lambda one: one.speech_s).quality.pitch_hz
    return [
        one
        for one in good
        if not one.quality.pitch_hz or 1 / MAX_PITCH_RATIO < one.quality.pitch_hz / main < MAX_PITCH_RATIO
    ]


def _is_reverberant(voice: Sequence[_Judged]) -> bool:
    """Over all takes, weighted by speech: in a short one there are too few decays to tell."""
    speech_s = sum(one.speech_s for one in voice)
    return sum(one.quality.decays_per_s * one.speech_s for one in voice) / speech_s < MIN_DECAYS_PER_S


def _cut(voice: Sequence[_Judged], wanted: Wanted) -> Taken:
    """The longest takes, whole, as long as they fit; if that is too little, the next up to a pause."""
    chosen: list[tuple[_Judged, tuple[Run, ...]]] = []
    speech_s, is_whole = 0.0, True
    for one in sorted(voice, key=lambda one: (-one.speech_s, one.order)):
        room = wanted.max_speech_s - speech_s
        runs = one.runs if one.speech_s <= room else ()
        if not runs and speech_s < wanted.min_speech_s:
            runs, is_whole = _fitting(one.runs, room), False
        if runs:
            chosen.append((one, runs))
            speech_s += sum(last - first for first, last in runs) * FRAME_S
    chosen.sort(key=lambda pair: pair[0].order)
    return Taken(
        pcm=splice([(one.take.pcm, runs) for one, runs in chosen]),
        text=" ".join(one.take.text for one, _ in chosen) if is_whole else "",
        speech_s=speech_s,
        snr_db=sum(one.quality.snr_db * one.speech_s for one, _ in chosen) / sum(one.speech_s for one, _ in chosen),
    )


def _fitting(runs: tuple[Run, ...], room_s: float) -> tuple[Run, ...]:
    """The stretch of whole runs with most speech that fits into `room_s`; if none fits, the beginning of the longest."""
    room = int(room_s / FRAME_S)
    best: tuple[Run, ...] = ()
    for begin in range(len(runs)):
        for end in range(begin + 1, len(runs) + 1):
            if _length(best) < _length(runs[begin:end]) <= room:
                best = runs[begin:end]
    if best:
        return best
    first, _ = max(runs, key=lambda run: run[1] - run[0])
    return ((first, first + room),)


def _length(runs: tuple[Run, ...]) -> int:
    return sum(last - first for first, last in runs)
