"""All stages one after another, each fed by the one before, and the session beside them."""

import pytest

from rig.replay.command import Outcome
from shared.events import AnyEvent, GuessTranscript, PartialTranscript, PoseTrack, SpeechChunk, SpeechEnded
from tests.support.recorded_visits import TERSE, differences, replayed, timeless

TONE = "tts.engine=tone"
"""The whole is played with a voice that costs nothing; what tts itself says is compared in test_stages.py."""


@pytest.fixture(scope="module")
def whole() -> Outcome:
    return replayed(TERSE, "", 0.0, TONE)


def settled(outcome: Outcome, stream: str) -> list[AnyEvent]:
    """Without what asr paces by this machine's speed."""
    return [
        one for one in timeless(outcome.moments, stream) if not isinstance(one, PartialTranscript | GuessTranscript)
    ]


def test_the_whole_hears_answers_and_decides_as_it_did_then(whole: Outcome) -> None:
    by_voice = {"voice", "voice_ready", "face"}
    found = [one for report in whole.streams if report.stream not in by_voice for one in report.differences]
    assert found == []
    assert {"hearing", "reply", "signals", "voice_sample", "face_ready", "control", "requests"} <= {
        report.stream for report in whole.streams
    }


@pytest.mark.parametrize(
    ("stage", "streams"),
    [
        ("asr", ("hearing", "voice_sample")),
        ("llm", ("reply", "signals")),
        ("session", ("control", "lines", "playback", "play", "requests")),
    ],
)
def test_what_a_stage_says_alone_it_says_in_the_whole_to_the_last_byte(
    whole: Outcome, stage: str, streams: tuple[str, ...]
) -> None:
    alone = replayed(TERSE, stage)
    for stream in streams:
        assert settled(whole, stream) == settled(alone, stream)


def test_the_face_follows_the_voice_it_is_given_turn_by_turn(whole: Outcome) -> None:
    spoken = [e.turn for e in timeless(whole.moments, "voice") if isinstance(e, SpeechChunk | SpeechEnded)]
    shown = [e.turn for e in timeless(whole.moments, "face") if isinstance(e, PoseTrack)]
    assert sorted(set(shown)) == sorted(set(spoken))
    assert shown == sorted(shown)


def test_another_engine_is_another_voice_and_the_comparison_says_so(whole: Outcome) -> None:
    assert {"spectral_db", "level_db", "length_s"} & {one.what for one in differences(whole) if one.stream == "voice"}  # type: ignore[attr-defined]
