"""The opening of one engine alone, without the pair that wraps it."""

import msgspec

from services.tts.config import TtsConfig
from services.tts.engines import ENGINES
from services.tts.synthesizer import Synthesizer


def open_member(config: TtsConfig, name: str) -> Synthesizer:
    """One engine with its own options. Raises ConfigError, EngineUnavailable."""
    return ENGINES.open(msgspec.structs.replace(config, engine=name))
