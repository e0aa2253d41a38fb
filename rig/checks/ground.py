"""What every check is told: the settings, and which engines they ask for."""

import importlib
from collections.abc import Iterator
from typing import Any

import msgspec

from shared.errors import ConfigError

WRAPPERS = ("fallback", "hedge")
"""Engines that only lead to others; which ones may stand in their options' defaults."""
GPU_ENGINES = ("faster_whisper", "f5", "inswapper")
"""Engines that load their weights onto a card of this machine. Audio2Face is a peer, wherever it runs."""
LOCAL = ("", "127.0.0.1", "localhost", "[::1]", "host.docker.internal")
"""Hosts that are this machine, and so share its card."""


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
        """The engines that may come to speak, the preferred first."""
        found: dict[str, None] = {}
        self._follow(stage, str(self.stage(stage).get("engine", "")), found)
        return tuple(found)

    def sources(self) -> tuple[str, ...]:
        """Where the virtual human's picture comes from, the preferred first."""
        face = self.stage("faceswap")
        source = str(face.get("source", "stand_in"))
        if source != "understudy":
            return (source,)
        pair = face.get("source_options", {}).get(source, {})
        return str(pair.get("first", "rtmp")), str(pair.get("then", "stand_in"))

    def source_options(self, source: str) -> dict[str, Any]:
        """Options of one of them, as set."""
        return dict(self.stage("faceswap").get("source_options", {}).get(source, {}))

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

    def on_card(self, stage: str) -> tuple[str, ...]:
        """Those engines of a stage that want a card of this machine."""
        return tuple(
            engine
            for engine in self.engines(stage)
            if engine in GPU_ENGINES and self.option(stage, engine, "device") != "cpu"
        )

    def needs_card(self) -> bool:
        """Whether any engine asked for runs on a GPU of this machine."""
        return any(self.on_card(stage) for stage in STAGES)

    def stands_without_card(self) -> bool:
        """Whether every stage has an engine behind the one that wants a card."""
        return all(self.engines(stage)[-1] not in self.on_card(stage) for stage in STAGES if self.on_card(stage))

    def option(self, stage: str, engine: str, key: str) -> str:
        """One option of an engine, as set; empty if it is not."""
        options = self.stage(stage).get("options", {})
        return str(options.get(engine, {}).get(key, ""))

    def is_local(self, stage: str, engine: str) -> bool:
        """Whether the peer that an engine asks answers on this machine."""
        address = self.option(stage, engine, "base_url") or self.option(stage, engine, "address")
        return address.rpartition("://")[2].partition("/")[0].rpartition(":")[0] in LOCAL


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
