"""Which engines really speak behind the one that is configured."""

from typing import Any

from services.llm.config import LlmConfig

PAIRS = {"hedge": ("gemini", "improviser"), "fallback": ()}
"""Engines that wrap others, and what they wrap if the settings do not say."""


def speakers(config: LlmConfig, engine: str = "") -> tuple[str, ...]:
    """The engines at the ends, the preferred first, each once."""
    name = engine or config.engine
    if name not in PAIRS:
        return (name,)
    options: dict[str, Any] = config.options.get(name, {})
    inner = options.get("order") or (
        [options.get(key, default) for key, default in zip(("first", "second"), PAIRS[name], strict=False)]
    )
    found: list[str] = []
    for one in inner:
        found += [leaf for leaf in speakers(config, str(one)) if leaf not in found and leaf != name]
    return tuple(found)
