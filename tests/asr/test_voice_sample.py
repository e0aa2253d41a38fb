"""The gate of the voice sample, on a voice made of a buzz and two formants."""

import numpy as np
import pytest
from numpy.typing import NDArray

from services.asr.splice import LEAD_IN, LEAD_OUT, MAX_PAUSE, runs_of, splice
from services.asr.utterance import as_float
from services.asr.vad import FRAME
from services.asr.voice_quality import Quality, measure
from services.asr.voice_sample import Refused, Take, Taken, Wanted, judge

HZ = 16_000
WANTED = Wanted()
RANDOM = np.random.default_rng(7)


def voice(seconds: float, pitch: float = 120.0) -> NDArray[np.float64]:
    """Syllables of 160 ms with gaps of 80 ms that die away as in a dry room."""
    t = np.arange(int(seconds * HZ)) / HZ
    buzz = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 20))
    inside = t % 0.24
    envelope = np.where(inside < 0.1, 1.0, np.exp(-(inside - 0.1) / 0.02))
    return 0.15 * buzz * envelope


def take(
    speech_s: float,
    *,
    pitch: float = 120.0,
    noise: float = 1e-4,
    gain: float = 1.0,
    text: str = "words",
    pause_s: float = 0.0,
) -> Take:
    """An utterance with half a second of room at both ends, and a pause in its middle."""
    half = voice(speech_s / 2, pitch)
    gap = np.zeros(int(pause_s * HZ))
    room = np.zeros(HZ // 2)
    sound = np.concatenate([room, half, gap, half, room])
    is_speech = np.concatenate([room, half * 0 + 1, gap, half * 0 + 1, room])
    sound = np.clip(gain * sound + noise * RANDOM.normal(size=sound.size), -1, 1)
    frames = sound.size // FRAME
    probabilities = is_speech[: frames * FRAME].reshape(-1, FRAME).mean(axis=1)
    return Take(pcm=np.round(sound * 32767).astype(np.int16), probabilities=probabilities, text=text)


def passed(*takes: Take, wanted: Wanted = WANTED) -> Taken:
    verdict = judge(takes, wanted)
    assert isinstance(verdict, Taken), verdict
    return verdict


def refused(*takes: Take) -> str:
    verdict = judge(takes, WANTED)
    assert isinstance(verdict, Refused)
    return verdict.reason


def test_six_seconds_of_clean_speech_pass_with_their_words() -> None:
    taken = passed(take(6.0, text="I was born by the sea."))
    assert taken.text == "I was born by the sea."
    assert taken.speech_s == pytest.approx(6.0, abs=0.1)
    assert taken.snr_db > 20


def test_several_utterances_add_up_in_the_order_they_were_said() -> None:
    assert passed(take(2.0, text="One."), take(2.5, text="Two."), take(1.0, text="Three.")).text == "One. Two. Three."


def test_too_little_speech_is_not_yet_enough() -> None:
    assert refused(take(3.0)) == "too_little"
    assert judge([], WANTED) == Refused(reason="too_little", speech_s=0)


def test_a_yes_does_not_count() -> None:
    assert refused(*[take(0.4)] * 20) == "too_little"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (take(6.0, noise=0.05), "too_noisy"),
        (take(6.0, gain=8.0), "clipped"),
        (take(6.0, gain=0.01, noise=1e-6), "too_quiet"),
    ],
)
def test_bad_sound_is_refused_with_its_reason(bad: Take, reason: str) -> None:
    assert refused(bad) == reason


def test_one_bad_utterance_is_left_out_of_good_ones() -> None:
    taken = passed(take(3.0, text="One."), take(3.0, noise=0.05, text="Noise."), take(3.0, text="Two."))
    assert taken.text == "One. Two."


def test_another_voice_is_left_out_and_without_enough_of_one_voice_it_is_refused() -> None:
    assert refused(take(3.0, pitch=110.0), take(2.9, pitch=210.0)) == "several_speakers"
    assert passed(take(5.5, pitch=110.0, text="Mine."), take(2.0, pitch=210.0, text="Theirs.")).text == "Mine."


def test_a_reverberant_room_is_refused() -> None:
    dry = take(6.0)
    tail = RANDOM.normal(size=HZ * 3 // 2) * np.exp(-6.9 * np.arange(HZ * 3 // 2) / HZ / 1.5) * 0.12
    impulse = np.concatenate([[1.0], tail])
    size = dry.pcm.size + impulse.size
    wet = np.fft.irfft(np.fft.rfft(dry.pcm / 32768.0, size) * np.fft.rfft(impulse, size), size)[: dry.pcm.size]
    pcm = np.round(0.5 * wet / np.abs(wet).max() * 32767).astype(np.int16)
    assert refused(Take(pcm=pcm, probabilities=dry.probabilities, text="words")) == "reverberant"


def test_no_more_than_wanted_is_taken_and_what_was_cut_must_be_heard_again() -> None:
    long = take(12.0, pause_s=0.5)
    taken = passed(long)
    assert 5.0 <= taken.speech_s <= WANTED.max_speech_s
    assert taken.text == ""


def test_the_longest_utterances_are_taken_whole_as_far_as_they_fit() -> None:
    taken = passed(take(3.0, text="A."), take(5.0, text="B."), take(3.5, text="C."))
    assert taken.text == "B. C."
    assert taken.speech_s <= WANTED.max_speech_s


# --- the cut ----------------------------------------------------------------------------------------------------------


def test_pauses_are_shortened_and_there_is_silence_at_both_ends() -> None:
    taken = passed(take(6.0, pause_s=2.0, noise=0.0))
    sounding = np.flatnonzero(np.abs(taken.pcm) > 300)
    assert sounding[0] >= LEAD_IN
    assert taken.pcm.size - sounding[-1] >= LEAD_OUT
    assert np.diff(sounding).max() <= MAX_PAUSE + 4 * FRAME


def test_a_seam_does_not_click() -> None:
    loud = np.full(FRAME * 40, 8000, np.int16)
    joined = splice([(loud, ((5, 10),)), (loud, ((20, 30),))])
    assert np.abs(np.diff(joined.astype(np.int32))).max() < 200


def test_short_gaps_belong_to_the_speech_around_them() -> None:
    speech = np.array([1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1], bool)
    assert runs_of(speech) == ((0, 6), (13, 14))


# --- the measures -----------------------------------------------------------------------------------------------------


def quality_of(one: Take) -> Quality:
    return measure(as_float(one.pcm), one.probabilities >= 0.5)


@pytest.mark.parametrize("pitch", [90.0, 120.0, 210.0, 300.0])
def test_pitch_is_found_within_three_percent(pitch: float) -> None:
    one = take(3.0, pitch=pitch)
    assert quality_of(one).pitch_hz == pytest.approx(pitch, rel=0.03)


@pytest.mark.parametrize("noise_db", [-30.0, -40.0, -50.0])
def test_noise_is_measured_within_two_decibels(noise_db: float) -> None:
    one = take(4.0, noise=10 ** (noise_db / 20))
    quality = quality_of(one)
    assert quality.speech_dbfs - noise_db == pytest.approx(quality.snr_db, abs=2.0)


@pytest.mark.parametrize("samples", [0, 1, 511, 512, 5000])
def test_hardly_any_sound_is_no_error(samples: int) -> None:
    quality = measure(np.zeros(samples, np.float32), np.zeros(samples // FRAME, bool))
    assert (quality.speech_s, quality.clipped, quality.pitch_hz) == (0.0, 0, 0.0)
