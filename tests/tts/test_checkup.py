from pathlib import Path

import pytest

from services.tts.checkup import run_checkup
from shared.checkup import Finding


def look(**tts: object) -> list[Finding]:
    return list(run_checkup({"tts": tts}, lambda share, what: None))


def test_an_engine_that_speaks_is_right_and_timed() -> None:
    (found,) = look(engine="tone")
    assert (found.check, found.state, found.cure) == ("tts tone", "right", "")
    assert set(found.figures) == {"load_s", "voice_s", "first_sound_ms", "real_time_factor"}


def test_the_only_voice_missing_is_wrong_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    (found,) = look(engine="f5")
    assert found.state == "wrong"
    assert found.cure


def test_of_two_voices_both_are_looked_at_and_the_first_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    first, second = look(engine="fallback", options={"fallback": {"order": ["f5", "tone"]}})
    assert (first.check, first.state) == ("tts f5", "missing")
    assert (second.check, second.state) == ("tts tone", "right")
