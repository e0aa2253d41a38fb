"""Section [llm] of the settings."""

from shared.engines import EngineChoice


class LlmConfig(EngineChoice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the stage itself decides; what an engine decides stands in `options.<engine>`."""

    engine: str = "improviser"
    first_token_s: float = 1.2
    """Longest wait for the model's first text. The play covers the silence from 0.6 s on; beyond this, words are late."""
    inter_token_s: float = 0.7
    """Longest silence inside a stream: a stalled server looks open for ever."""
    total_s: float = 4.0
    """Longest a whole reply may take; beyond it what has been said stands as the reply."""
    listener: str = ""
    """Engine that is asked what an utterance meant where words are unsure: gemini, openai_compatible; empty: words alone."""
    listener_s: float = 0.8
    """Longest wait for it. It runs beside the reply, which is heard for longer than that."""
    history_turns: int = 12
    """Stretches of the conversation that the model is shown; more costs time at every engine and helps none."""
