"""Each stage alone on the streams of a recorded visit: it says what it said then, in the same order, under the same ids."""

from pathlib import Path

import pytest

from rig.record.read import read_recording
from rig.record.write import write_recording
from rig.replay.command import Outcome
from shared.events import FinalTranscript, decode
from shared.streams import StreamId
from tests.support.recorded_visits import SILENT, TERSE, differences, replayed, timeless

TOO_MANY = {StreamId(0, seq) for seq in range(2, 60) if seq not in (3, 7)}
"""Ids of the play's other lines in `lines`. The first of all is wanted at once: how far its rendering came, the machine's speed decided."""


def said(outcome: Outcome, stream: str) -> int:
    return next(report.now for report in outcome.streams if report.stream == stream)


@pytest.mark.parametrize(
    ("stage", "stream", "least"),
    [
        ("asr", "hearing", 10),
        ("llm", "reply", 2),
        ("a2f_bridge", "face", 100),
        ("faceswap", "face_ready", 1),
        ("session", "control", 30),
    ],
)
def test_a_stage_says_what_it_said_then(stage: str, stream: str, least: int) -> None:
    done = replayed(TERSE, stage)
    assert differences(done) == []
    assert said(done, stream) >= least


def test_tts_renders_what_it_rendered_then_and_speaks_alike(tmp_path: Path) -> None:
    # Two of the play's lines, not all of them: rendering costs.
    few = {"lines": StreamId(2, 1), "voice_ready": StreamId(0, 2), "voice": StreamId(2, 9_999_999)}
    recorded = read_recording(SILENT)
    kept = [
        one
        for one in recorded.moments
        if one.id <= few.get(one.stream, one.id) and (one.stream != "lines" or one.id not in TOO_MANY)
    ]
    file = tmp_path / "few.mcap"
    write_recording(file, recorded.manifest, kept)
    done = replayed(file, "tts")
    assert differences(done) == []
    assert said(done, "voice_ready") == 2
    assert said(done, "voice") > 50


def test_asr_understands_every_word_and_takes_the_same_sample() -> None:
    moments = replayed(TERSE, "asr").moments
    finals = [event.text for event in timeless(moments, "hearing") if isinstance(event, FinalTranscript)]
    recorded = [decode(one.payload) for one in read_recording(TERSE).of("hearing")]
    then = [event.text for event in recorded if isinstance(event, FinalTranscript)]
    assert finals[: len(then)] == then  # the visitor is cut off in the middle of a word at the recording's end
    assert len(then) == 2
    assert len(timeless(moments, "voice_sample")) == 1


def test_what_is_played_into_a_stage_is_what_it_reads_and_nothing_it_writes() -> None:
    done = replayed(TERSE, "llm")
    assert {one.stream for one in done.moments} == {"reply", "signals"}


def test_of_the_session_only_what_it_decides_is_compared() -> None:
    done = replayed(TERSE, "session")
    assert {one.stream for one in done.moments} == {"control", "lines", "playback", "play", "requests"}
