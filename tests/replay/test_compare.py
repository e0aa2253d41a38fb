"""What counts as a difference: every kind of change is found, and what is within tolerance is not."""

import io
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from PIL import Image

from rig.record.moment import Moment, moment
from rig.replay.compare import compare, discarded, lasting
from rig.replay.measures import picture_difference, pose_difference, sound_difference
from shared.audio import VOICE_HZ, to_bytes
from shared.events import (
    Event,
    FinalTranscript,
    GuessTranscript,
    MirrorFrame,
    PartialTranscript,
    PoseTrack,
    ReplyEnded,
    SignalHeard,
    SpeechChunk,
    TurnDiscarded,
    decode,
    encode,
)


def tone(hz: float, seconds: float, level: float = 0.3) -> bytes:
    at = np.arange(int(seconds * VOICE_HZ)) / VOICE_HZ
    return to_bytes(level * (np.sin(2 * np.pi * hz * at) + 0.3 * np.sin(6 * np.pi * hz * at)))


def speech(pcm: bytes, turn: int = 2) -> list[Event]:
    step = 4_800
    return [
        SpeechChunk(turn=turn, seq=at // 480 + 1, at=5.0, from_sample=at // 2, pcm=pcm[at : at + step])
        for at in range(0, len(pcm), step)
    ]


def jpeg(grey: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (grey, grey, grey)).save(file, "JPEG")
    return file.getvalue()


def frame(grey: int, **other: object) -> Event:
    about: dict[str, object] = {"seq": 1, "at": 5.0, "width": 64, "height": 48, "captured_at": 5.0, "is_swapped": True}
    return MirrorFrame(jpeg=jpeg(grey), **{**about, **other})  # type: ignore[arg-type]


def poses(value: float) -> Event:
    return PoseTrack(turn=2, seq=1, at=5.0, first_index=0, weights=np.full((10, 52), value, "<f4").tobytes())


FINAL = FinalTranscript(turn=1, seq=9, at=5.0, text="yes", confidence=0.9, ended_at=4.0, engine_s=0.1)


def moments(*events: Event) -> list[Moment]:
    return [moment(event.stream, encode(event)) for event in events]


def found(then: list[Event], now: list[Event]) -> list[str]:
    reports = compare(moments(*then), moments(*now), ends_at=100.0)
    return [one.what for report in reports for one in report.differences]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda e: msgspec.structs.replace(e, text="yes!"), ["text"]),
        (lambda e: msgspec.structs.replace(e, seq=10), ["missing", "extra"]),
        (lambda e: msgspec.structs.replace(e, ended_at=4.5), ["ended_at"]),
        (lambda e: msgspec.structs.replace(e, confidence=0.5), ["confidence"]),
        (lambda e: msgspec.structs.replace(e, epoch=1), ["epoch"]),
        (lambda e: msgspec.structs.replace(e, ended_at=4.2, confidence=0.92, engine_s=9.0, at=6.0), []),
    ],
)
def test_words_ids_and_instants(change: Callable[[FinalTranscript], FinalTranscript], what: list[str]) -> None:
    assert found([FINAL], [change(FINAL)]) == what


def test_another_kind_of_event_under_the_same_id_is_found() -> None:
    assert found([FINAL], [PartialTranscript(turn=1, seq=9, at=5.0, stable="yes")]) == ["missing"]


def test_how_often_asr_showed_and_guessed_does_not_count_but_what_it_guessed_does() -> None:
    guess = GuessTranscript(turn=1, seq=5, at=4.0, text="yes", ended_at=3.0)
    partial = PartialTranscript(turn=1, seq=3, at=3.0, stable="y")
    assert found([guess, FINAL], [partial, FINAL]) == []
    assert found([guess, FINAL], [msgspec.structs.replace(guess, text="no"), FINAL]) == ["text"]


@pytest.mark.parametrize(
    ("pcm", "what"),
    [
        (tone(200, 1.0), []),
        (tone(200, 1.04), []),
        (tone(200, 1.0, level=0.27), []),
        (tone(200, 1.3), ["length_s"]),
        (tone(200, 1.0, level=0.15), ["level_db"]),
        (tone(900, 1.0), ["spectral_db"]),
    ],
)
def test_sound_within_tolerance_is_the_same_and_beyond_it_is_not(pcm: bytes, what: list[str]) -> None:
    assert found(speech(tone(200, 1.0)), speech(pcm)) == what


def test_a_turn_that_is_not_spoken_is_found() -> None:
    assert found([*speech(tone(200, 0.5)), *speech(tone(200, 0.5), 4)], speech(tone(200, 0.5))) == ["missing"]


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (frame(100), []),
        (frame(106), []),
        (frame(140), ["picture"]),
        (frame(100, width=32), ["size"]),
        (frame(100, is_swapped=False), ["is_swapped"]),
        (frame(100, at=9.0), ["missing"]),
    ],
)
def test_pictures(now: Event, what: list[str]) -> None:
    assert found([frame(100)], [now]) == what


@pytest.mark.parametrize(("value", "what"), [(0.5, []), (0.51, []), (0.6, ["pose"])])
def test_poses(value: float, what: list[str]) -> None:
    assert found([poses(0.5)], [poses(value)]) == what


def test_what_is_said_after_the_recording_broke_off_was_not_missing_then() -> None:
    late = SignalHeard(turn=2, seq=1, at=99.5, utterance=2, name="yes")
    early = SignalHeard(turn=1, seq=1, at=5.0, utterance=1, name="yes")
    assert found([early], [early, late]) == []
    assert found([early], [early, msgspec.structs.replace(late, at=50.0)]) == ["extra"]


def test_a_guess_that_was_taken_back_may_be_half_done_and_one_that_stood_may_not() -> None:
    void = discarded(moments(TurnDiscarded(seq=1, at=5.0, discarded_turn=4, discarded_rev=1)))
    replies = moments(
        *[ReplyEnded(turn=4, rev=rev, seq=rev * 1000 + 999, at=5.0, clauses=1, reason="done") for rev in (1, 2)]
    )
    assert [one.id.seq for one in lasting(replies, void)] == [2999]
    assert lasting(replies, {}) == replies


def test_silence_and_nothing_are_no_error() -> None:
    assert sound_difference(b"", b"", VOICE_HZ).spectral_db == 0.0
    assert sound_difference(bytes(4_800), b"", VOICE_HZ).length_s == pytest.approx(0.1)
    assert pose_difference(b"", b"123") == 0.0
    assert picture_difference(b"", jpeg(3)) == 255.0


def test_the_event_under_comparison_is_the_one_on_the_wire() -> None:
    assert decode(moments(FINAL)[0].payload) == FINAL
