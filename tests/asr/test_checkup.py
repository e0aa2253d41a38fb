"""What `mirror doctor` is told of the ears."""

from pathlib import Path
from typing import Any

import pytest

from services.asr.checkup import run_checkup
from shared.checkup import Finding
from shared.errors import ConfigError

PLAIN = {"detector": "loudness", "turn_judge": "timer"}


def checked(**settings: Any) -> list[Finding]:
    return list(run_checkup({"asr": {"engine": "scripted", **PLAIN, **settings}}, lambda share, what: None))


def test_an_engine_that_works_is_timed() -> None:
    engine, senses = checked(options={"scripted": {"languages": ["en", "nl"]}})
    assert (engine.check, engine.state, engine.cure) == ("asr scripted", "right", "")
    assert "on cpu, understands en, nl" in engine.found
    assert set(engine.figures) == {"inference_ms", "warm_s"}
    assert (senses.state, senses.found.partition(" on ")[0]) == ("right", "loudness and timer")


def test_a_first_engine_without_its_weights_leaves_the_second(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    options = {
        "fallback": {"order": ["faster_whisper", "scripted"]},
        "faster_whisper": {"model": str(tmp_path), "device": "cpu"},
    }
    first, second, _ = checked(engine="fallback", options=options)
    assert (first.check, first.state) == ("asr faster_whisper", "missing")
    assert "lacks model.bin" in first.found
    assert "mirror models pull" in first.cure
    assert (second.check, second.state) == ("asr scripted", "right")


def test_without_the_needed_engine_the_mirror_is_deaf(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    [engine, _] = checked(engine="faster_whisper", options={"faster_whisper": {"model": str(tmp_path)}})
    assert engine.state == "wrong"


def test_the_engine_of_the_partials_is_looked_at_and_may_be_missing(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    findings = checked(partial_engine="faster_whisper", options={"faster_whisper": {"model": str(tmp_path)}})
    assert [(finding.check, finding.state) for finding in findings[:2]] == [
        ("asr scripted", "right"),
        ("asr faster_whisper", "missing"),
    ]


def test_a_voice_model_that_is_missing_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    *_, senses = checked(detector="silero")
    assert senses.state == "wrong"
    assert "mirror models pull" in senses.cure


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean"):
        checked(engine="scriptd")
