"""Where an engine's own seam lets a fault in: it works until a file of the stage's name lies in MIRROR_BREAKS, and again without."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.engines import Engines


def flag_of(stage: str) -> Path:
    """The file that breaks it."""
    return Path(os.environ["MIRROR_BREAKS"]) / stage


def open_instead(engines: Engines[Any], name: str, opener: Callable[[Any, Any], Any]) -> None:
    """From now on the table opens `name` so. Its options are checked as ever."""
    importlib.import_module(engines.table[name]).open_engine = opener  # type: ignore[attr-defined]
