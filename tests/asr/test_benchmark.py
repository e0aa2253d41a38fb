"""`mirror bench asr`, on an engine that knows what it hears."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from services.asr import benchmark
from services.asr.benchmark import run_benchmark
from shared.errors import BadInput
from tests.support.asr_outlet import tone

SETTINGS = {
    "asr": {
        "engine": "scripted",
        "detector": "loudness",
        "turn_judge": "timer",
        "options": {"scripted": {"sentences": ["I am here."]}},
    }
}


def sound(path: Path, seconds: float) -> str:
    soundfile.write(path, np.asarray(tone(seconds)), 16_000)
    return str(path)


def test_it_times_the_engine_alone_and_the_final_transcript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "LENGTHS_S", (1.0,))
    monkeypatch.setattr(benchmark, "QUICK_REPEATS", 1)
    told: list[float] = []
    inputs = {"input": sound(tmp_path / "a.wav", 1.0), "quick": "1"}
    found = run_benchmark(SETTINGS, inputs, lambda share, _: told.append(share))
    alone, finals = found.tables
    assert [row[:2] for row in alone.rows] == [("scripted", "cpu")]
    [row] = finals.rows
    assert dict(zip(finals.columns, row, strict=True))["finals"] == 1
    assert set(found.figures) == {"scripted.1s.decode_ms", "1s.final_ms", "fallbacks"}
    # The longest silence for an open question, which the timer always waits for, is part of it.
    assert found.figures["1s.final_ms"] >= 800 - 32
    assert told == sorted(told)
    assert all(len(row) == len(table.columns) for table in found.tables for row in table.rows)


def test_an_engine_that_cannot_be_opened_is_a_note_and_no_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faster_whisper")
    monkeypatch.setattr(benchmark, "LENGTHS_S", (1.0,))
    monkeypatch.setattr(benchmark, "QUICK_REPEATS", 1)
    options = {
        "fallback": {"order": ["faster_whisper", "scripted"]},
        "faster_whisper": {"model": str(tmp_path)},
        "scripted": {"sentences": ["I am here."]},
    }
    settings = {"asr": {**SETTINGS["asr"], "engine": "fallback", "options": options}}
    found = run_benchmark(settings, {"input": sound(tmp_path / "a.wav", 1.0), "quick": "1"}, lambda *_: None)
    assert "faster_whisper was not measured" in found.notes[0]
    assert [row[0] for row in found.tables[0].rows] == ["scripted"]
    assert found.figures["fallbacks"] >= 1


def test_too_little_speech_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="less than 10 s"):
        run_benchmark(SETTINGS, {"input": sound(tmp_path / "a.wav", 3.0)}, lambda *_: None)


def test_stretches_end_where_a_recording_ends() -> None:
    first, second = np.zeros(32_000, np.float32), np.ones(24_000, np.float32)
    [one, two] = benchmark._parts([first, second], 1.5, 2)
    assert (one.size, one[-1], two[-1]) == (24_000, 0.0, 1.0)
    assert all(two == 1.0)


def test_without_weights_a_model_of_the_same_size_is_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faster_whisper")
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    monkeypatch.setattr(benchmark, "LENGTHS_S", (1.0, 2.0))
    monkeypatch.setattr(benchmark, "QUICK_REPEATS", 1)
    options = {"faster_whisper": {"model": "tiny.en", "device": "cpu", "beam": 1, "silence_s": 0.5}}
    settings = {"asr": {**SETTINGS["asr"], "engine": "faster_whisper", "options": options}}
    found = run_benchmark(settings, {"input": sound(tmp_path / "a.wav", 2.0), "quick": "1"}, lambda *_: None)
    [table] = found.tables
    assert "Random weights" in table.title
    assert [row[:5] for row in table.rows] == [
        ("tiny.en", "cpu", "int8_float32", 1, 1.0),
        ("tiny.en", "cpu", "int8_float32", 1, 2.0),
    ]
    assert any("the stage was not measured" in note for note in found.notes)
    assert found.figures == {}
