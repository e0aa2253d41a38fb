"""What every check is told: the settings, and which engines they ask for."""

import importlib
from collections.abc import Iterator
from typing import Any

import msgspec

from shared.errors import ConfigError

WRAPPERS = ("fallback", "hedge")
"""Engines that only lead to others; which ones may stand in their options' defaults."""
GPU_ENGINES = ("faster-whisper", "f5", "inswapper", "audio2face", "omniverse")
"""Engines for which this machine needs a card."""


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """One examination."""

    settings: dict[str, Any]
    is_quick: bool = False
    """Open no engine, hash no file."""
    package: str = "services"
    """Where the stages are; tests bring their own."""

    def stage(self, name: str) -> dict[str, Any]:
        """A section of the settings; empty if there is none."""
        section = self.settings.get(name, {})
        return section if isinstance(section, dict) else {}

    def engines(self, stage: str) -> tuple[str, ...]:
        """The engines that may come to speak, the preferred first, as one writes them: `faster-whisper`."""
        found: dict[str, None] = {}
        self._follow(stage, str(self.stage(stage).get("engine", "")), found)
        return tuple(name.replace("_", "-") for name in found)

    def _follow(self, stage: str, engine: str, found: dict[str, None]) -> None:
        table = _table(self.package, stage)
        inner = [name for name in _words(self._options(stage, engine, table)) if name in table and name != engine]
        if engine in WRAPPERS:
            for name in inner:
                self._follow(stage, name, found)
        elif engine:
            found[engine] = None

    def _options(self, stage: str, engine: str, table: dict[str, str]) -> dict[str, Any]:
        """An engine's options as set; of one that wraps others also its defaults."""
        options = self.stage(stage).get("options", {}).get(engine, {})
        if engine not in WRAPPERS or engine not in table:
            return dict(options)
        try:
            return dict(msgspec.to_builtins(msgspec.convert(options, importlib.import_module(table[engine]).Options)))
        except (msgspec.ValidationError, ImportError):
            return dict(options)

    def needs_card(self) -> bool:
        """Whether any engine asked for runs on a GPU of this machine."""
        return any(engine in GPU_ENGINES for stage in STAGES for engine in self.engines(stage))


STAGES = ("asr", "llm", "tts", "a2f_bridge", "faceswap")


def _table(package: str, stage: str) -> dict[str, str]:
    try:
        return dict(importlib.import_module(f"{package}.{stage}.engines").ENGINES.table)
    except (ImportError, ConfigError):
        return {}


def _words(options: Any) -> Iterator[str]:
    """Every text in the options, however deep."""
    if isinstance(options, str):
        yield options
    elif isinstance(options, dict):
        for value in options.values():
            yield from _words(value)
    elif isinstance(options, list | tuple):
        for value in options:
            yield from _words(value)
