"""What config/mirror.toml says is what the engines do without it, and nothing that they can be told is missing from it."""

import importlib
import json
import tomllib
from pathlib import Path

import msgspec
import pytest

from services.faceswap.engines import ENGINES

SHIPPED = tomllib.loads((Path(__file__).parents[2] / "config" / "mirror.toml").read_text())["faceswap"]["options"]


@pytest.mark.parametrize("engine", ["inswapper", "fallback"])
def test_every_option_stands_in_the_settings_with_its_default(engine: str) -> None:
    options = importlib.import_module(ENGINES.table[engine]).Options
    assert SHIPPED[engine] == json.loads(json.dumps(msgspec.to_builtins(options())))
