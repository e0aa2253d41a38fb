import importlib.util
from pathlib import Path

import pytest
import soundfile

from services.tts.bench_tables import words_wrong
from services.tts.benchmark import SENTENCES, run_benchmark
from shared.benchmark import Benchmark
from shared.errors import BadInput
from tests.support.tts_visitors import VISITORS

HAS_F5 = all(importlib.util.find_spec(name) for name in ("f5_tts", "vocos", "torch", "x_transformers"))


def run(engine: str, options: dict[str, object] | None, **inputs: str) -> Benchmark:
    settings = {"tts": {"engine": engine, "options": {engine: options or {}}}}
    return run_benchmark(settings, {"quick": "1", **inputs}, lambda share, what: None)


def test_an_engine_is_timed_in_both_voices_and_what_it_said_can_be_kept(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("Who are you?\n\nCome closer, will you.\n", encoding="utf-8")
    found = run("tone", None, input=str(lines), out=str(tmp_path))
    (table,) = found.tables
    assert [(row[2], row[3]) for row in table.rows] == [("host", 3.0), ("host", 4.0), ("self", 3.0), ("self", 4.0)]
    assert found.figures["tone.host.3_words.first_sound_ms"] >= 0.0
    assert soundfile.info(tmp_path / "tone-self-2.wav").samplerate == 24_000


@pytest.mark.engine
@pytest.mark.skipif(not HAS_F5, reason="f5-tts, vocos, torch, x-transformers")
def test_f5_is_timed_by_steps_and_says_whose_weights_they_are(tmp_path: Path) -> None:
    from tests.support.tts_f5 import tiny_options

    lines = tmp_path / "lines.txt"
    lines.write_text("Who are you?\n", encoding="utf-8")
    found = run("f5", tiny_options(), voice=str(VISITORS / "terse/rainbow.flac"), input=str(lines))
    spoken, steps, once = found.tables
    assert len(spoken.rows) == 2
    assert steps.rows[0][:4] == ("given, 0.2 million", "cpu, 1 threads, float32", "plain", 7.0)
    assert once.rows
    assert found.figures["f5.plain.7_steps.8_words.real_time_factor"] > 0.0


@pytest.mark.parametrize("inputs", [{"input": "no.txt"}, {"out": "no/folder"}, {"voice": "no.wav"}])
def test_inputs_that_cannot_be_used_are_named(inputs: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="no"):
        run("tone", None, **inputs)


@pytest.mark.parametrize(
    ("said", "heard", "wrong"),
    [
        ("Who are you?", "who are you", 0),
        ("Who are you?", "who you", 1),
        ("Who are you?", "oh who are you", 1),
        ("Who are you?", "who is you", 1),
        ("Who are you?", "", 3),
    ],
)
def test_words_are_compared_as_words(said: str, heard: str, wrong: int) -> None:
    assert words_wrong(said, heard) == wrong


def test_the_sentences_grow() -> None:
    lengths = [len(sentence.split()) for sentence in SENTENCES]
    assert lengths == sorted(set(lengths))
