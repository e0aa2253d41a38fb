from pathlib import Path

import pytest
import soundfile

from services.tts.trial import run_trial
from shared.errors import BadInput
from tests.support.tts_visitors import VISITORS

TONE = {"tts": {"engine": "tone"}}


def quiet(share: float, what: str) -> None:
    assert 0.0 <= share <= 1.0
    assert what


def test_words_become_a_file_and_a_report(tmp_path: Path) -> None:
    out = tmp_path / "o.wav"
    report = run_trial(TONE, {"input": "Who are you? Come in.", "out": str(out)}, quiet)
    sound, rate_hz = soundfile.read(out)
    assert rate_hz == 24_000
    assert len(sound) / rate_hz == pytest.approx(report["seconds"], abs=0.01)
    assert (report["voice"], report["clauses"], report["engine"]) == ("host", 2, "tone")


def test_a_voice_file_makes_it_speak_as_the_copy(tmp_path: Path) -> None:
    inputs = {"input": "Who are you?", "voice": str(VISITORS / "terse/rainbow.flac"), "out": str(tmp_path / "o.wav")}
    assert run_trial(TONE, inputs, quiet)["voice"] == "self"


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({}, "nothing to say"),
        ({"input": "..."}, "nothing to say"),
        ({"input": "Hi.", "out": "o.mp3"}, "no WAV file"),
        ({"input": "Hi.", "out": "no/such/folder/o.wav"}, "no folder"),
        ({"input": "Hi.", "voice": "no_such.wav"}, "cannot be read"),
        ({"input": "Hi.", "voice": __file__}, "cannot be read"),
    ],
)
def test_bad_input_says_what_is_wrong(inputs: dict[str, str], complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        run_trial(TONE, inputs, quiet)
