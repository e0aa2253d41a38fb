"""Which engines speak under the settings, and the opening of one alone."""

import msgspec

from services.tts.config import TtsConfig
from services.tts.engines import ENGINES
from services.tts.synthesizer import Synthesizer


def members(config: TtsConfig) -> tuple[str, ...]:
    """The engine; of `fallback`, the two it wraps, the one that should speak first."""
    order = config.options.get("fallback", {}).get("order", ()) if config.engine == "fallback" else ()
    return tuple(str(name) for name in order) or (config.engine,)


def open_member(config: TtsConfig, name: str) -> Synthesizer:
    """One engine with its own options. Raises ConfigError, EngineUnavailable."""
    return ENGINES.open(msgspec.structs.replace(config, engine=name))
