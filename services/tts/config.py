"""Section [tts] of the settings."""

from shared.engines import EngineChoice


class TtsConfig(EngineChoice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the stage itself decides; what an engine decides stands in `options.<engine>`."""

    engine: str = "piper"
    sentence_pause_ms: int = 320
    """Silence after a sentence, when another clause of the same turn follows. A calm speaker's."""
    clause_pause_ms: int = 140
    """Silence after a comma, dash or semicolon."""
    rendered_minutes: float = 12.0
    """Most speech of one visit kept ready in memory; beyond it the lines unused the longest are dropped. 1 minute is 2.9 MB."""
