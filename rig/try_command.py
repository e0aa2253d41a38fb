"""`mirror try STAGE INPUT`: one stage's engine alone on one input. What it does is the stage's own `trial.py`."""

import importlib
import os
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from rig.console import print_json, progress_bar
from rig.options import STAGES, Options
from shared.config import load_settings, override
from shared.errors import BadInput, ConfigError

TRIABLE = tuple(stage for stage in STAGES if stage != "session")


def try_stage(
    stage: str, inputs: dict[str, str | None], *, engine: str, sets: Sequence[str], options: Options, as_json: bool
) -> None:
    """Run the trial and print what it found.

    Raises:
        MirrorError: An unknown stage, engine or setting; an input that cannot be used; an engine that is not there.
    """
    if stage not in TRIABLE:
        raise BadInput(f"try: no stage {stage!r}; there are {', '.join(TRIABLE)}")
    settings = load_settings(options.config, os.environ)
    if engine:
        override(settings, [stage, "engine"], engine)
    for text in sets:
        override(settings, *setting_of(stage, settings, text))
    trial = importlib.import_module(f"services.{stage}.trial")
    with progress_bar(f"trying {stage}") as progress:
        report: dict[str, object] = trial.run_trial(settings, inputs, lambda share, what: progress(what, share))
    if as_json:
        print_json(report)
        return
    console = Console(highlight=False)
    for name, value in report.items():
        console.print(f"[bold]{name}[/]", end="  ")
        console.print(value, markup=False, soft_wrap=True)


def setting_of(stage: str, settings: dict[str, Any], text: str) -> tuple[list[str], str]:
    """`key=value` sets an option of the chosen engine; `stage.key=value` any setting."""
    where, equals, value = text.partition("=")
    if not equals or not where.strip():
        raise ConfigError(f"--set {text}: write key=value (an option of the engine) or {stage}.key=value (a setting)")
    if "." in where:
        return where.strip().split("."), value.strip()
    engine = settings.get(stage, {}).get("engine", "")
    if not engine:
        raise ConfigError(f"--set {text}: no engine is chosen; add --engine, or write {stage}.options.ENGINE.{text}")
    return [stage, "options", str(engine), where.strip()], value.strip()
