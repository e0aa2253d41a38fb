"""`mirror try asr`."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from services.asr.trial import read_sound, run_trial
from shared.errors import BadInput, EngineUnavailable

SETTINGS = {
    "asr": {
        "engine": "scripted",
        "options": {"scripted": {"sentences": ["One.", "Two."], "languages": ["en"]}},
        "detector": "loudness",
        "turn_judge": "timer",
    }
}


def written(path: Path, rate: int, channels: int) -> str:
    t = np.arange(rate) / rate
    loud, quiet = 0.4 * np.sin(2 * np.pi * 220 * t), np.zeros(3 * rate)
    sound = np.concatenate([quiet, loud, quiet, loud])
    soundfile.write(path, np.stack([sound] * channels, axis=1), rate)
    return str(path)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (16_000, 1), (44_100, 2), (48_000, 6)])
def test_any_rate_and_any_number_of_channels_gives_the_same_words(tmp_path: Path, rate: int, channels: int) -> None:
    steps: list[float] = []
    report = run_trial(
        SETTINGS,
        {"input": written(tmp_path / "a.wav", rate, channels)},
        lambda share, _: steps.append(share),
    )
    assert report["text"] == "One. Two."
    assert report["seconds"] == pytest.approx(8.0, abs=0.01)
    assert isinstance(report["segments"], list)
    assert [round(segment["starts_s"]) for segment in report["segments"]] == [3, 7]
    assert steps == sorted(steps)
    assert steps[-1] == 1.0


def test_sound_is_mono_16_khz_and_finite(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "nan.wav", np.full((4800, 2), np.nan), 48_000, subtype="FLOAT")
    sound = read_sound(str(tmp_path / "nan.wav"))
    assert sound.shape == (1600,)
    assert not sound.any()


def test_what_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("this is no sound")
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 1)), 16_000)
    for given, says in (
        (None, "no sound file"),
        (str(tmp_path / "none.wav"), "no file"),
        (str(tmp_path), "no file"),
        (str(tmp_path / "text.wav"), "cannot|can be read"),
        (str(tmp_path / "empty.wav"), "no sound"),
    ):
        with pytest.raises(BadInput, match=says):
            run_trial(SETTINGS, {"input": given}, lambda _, __: None)


def test_a_language_the_engine_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="nl"):
        run_trial(SETTINGS, {"input": written(tmp_path / "a.wav", 16_000, 1), "language": "nl"}, lambda _, __: None)
