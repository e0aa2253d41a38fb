"""A stage whose engine cannot be opened."""

from typing import Any

from shared.errors import EngineUnavailable
from shared.process import run_service
from shared.stage import Stage


def open_stage(settings: dict[str, Any]) -> Stage:
    raise EngineUnavailable("broken: no such device; plug it in")


if __name__ == "__main__":
    run_service("asr", open_stage)
