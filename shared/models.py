"""Where model files lie. They are fetched by `mirror models pull`, never at run time."""

import os
from pathlib import Path

from shared.errors import EngineUnavailable


def models_dir() -> Path:
    """`MIRROR_MODELS`, or `models/` beside the packages."""
    configured = os.environ.get("MIRROR_MODELS")
    return Path(configured) if configured else Path(__file__).resolve().parent.parent / "models"


def model_path(name: str) -> Path:
    """Path of a model file that is there.

    Raises:
        EngineUnavailable: It is not there; says how to fetch it.
    """
    path = models_dir() / name
    if not path.exists():
        raise EngineUnavailable(
            f"model file {name} is not in {path.parent}; run `mirror models pull`, for the rig's engines with --profile rig"
        )
    return path
