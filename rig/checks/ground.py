"""What every check is told: the settings, and which engines they ask for."""

import importlib
from typing import Any

import msgspec

from shared.engines import EngineChoice
from shared.errors import ConfigError

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
        section = self.stage(stage)
        choice = EngineChoice(engine=str(section.get("engine", "")), options=section.get("options", {}))
        return _members(f"{self.package}.{stage}.engines", "ENGINES", choice)

    def sources(self) -> tuple[str, ...]:
        """Where the virtual human's picture comes from, the preferred first."""
        face = self.stage("faceswap")
        choice = EngineChoice(engine=str(face.get("source", "stand_in")), options=face.get("source_options", {}))
        return _members(f"{self.package}.faceswap.sources", "SOURCES", choice)

    def source_options(self, source: str) -> dict[str, Any]:
        """Options of one of them, as set."""
        return dict(self.stage("faceswap").get("source_options", {}).get(source, {}))

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


def _members(module: str, table: str, choice: EngineChoice) -> tuple[str, ...]:
    """Who may come to work; of settings that the stage itself will refuse, what they name."""
    if not choice.engine:
        return ()
    try:
        return tuple(getattr(importlib.import_module(module), table).members(choice))
    except (ImportError, AttributeError, ConfigError):
        return (choice.engine,)
