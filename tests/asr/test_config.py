"""Settings of asr."""

from pathlib import Path
from typing import Any

import pytest

from services.asr.config import AsrConfig
from services.asr.endpointing import PATIENCE
from services.asr.engines import ENGINES
from services.asr.stage import open_stage
from shared.config import load_settings, section
from shared.errors import ConfigError

ROOT = Path(__file__).parents[2]


def test_the_shipped_settings_are_the_defaults() -> None:
    shipped = section(load_settings(ROOT / "config" / "mirror.toml", {}), "asr", AsrConfig)
    assert shipped.ear() == AsrConfig().ear()
    assert shipped.engine == AsrConfig().engine


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"engine": "moonshin"}, "did you mean 'moonshine'"),
        ({"detector": "ears"}, "silero, loudness"),
        ({"turn_judge": "ears"}, "smart_turn, timer"),
        ({"speech_off": 0.9}, "speech_off"),
        ({"speech_on": 7}, "speech_on"),
        ({"max_turn_s": 500}, "max_turn_s"),
        ({"speech_onn": 0.5}, "did you mean 'speech_on'"),
        ({"patience_s": {"riddle": [0.1, 1.0]}}, "riddle"),
        ({"patience_s": {"open": [1.0, 0.5]}}, "below"),
        ({"engine": "scripted", "options": {"scripted": {"sentence": ["x"]}}}, "sentence"),
        ({"engine": "fallback", "options": {"fallback": {"order": ["moonshine", "fallback"]}}}, "fallback"),
    ],
)
def test_a_wrong_setting_is_refused_and_named(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        open_stage({"asr": {"engine": "scripted", **settings}})


def test_patience_of_one_kind_leaves_the_others() -> None:
    config = AsrConfig(patience_s={"name": (0.3, 1.0)})
    assert config.ear().patience["name"].max_s == 1.0
    assert config.ear().patience["open"] == PATIENCE["open"]


def test_the_table_of_engines_is_what_the_design_says() -> None:
    assert set(ENGINES.table) == {"faster_whisper", "moonshine", "scripted", "fallback"}
