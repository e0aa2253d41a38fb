"""What Gemini accepts in a request. Anything else is refused, as there."""

from typing import Any, Literal

import msgspec

Category = Literal[
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
    "HARM_CATEGORY_CIVIC_INTEGRITY",
]
Threshold = Literal[
    "HARM_BLOCK_THRESHOLD_UNSPECIFIED", "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"
]  # fmt: skip


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class Part(Strict, frozen=True, kw_only=True):
    text: str


class Content(Strict, frozen=True, kw_only=True):
    parts: list[Part]
    role: Literal["user", "model", "system"] | None = None


class SafetySetting(Strict, frozen=True, kw_only=True):
    category: Category
    threshold: Threshold


class ThinkingConfig(Strict, frozen=True, kw_only=True):
    thinking_level: Literal["MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"] | None = None
    thinking_budget: int | None = None
    include_thoughts: bool | None = None


class GenerationConfig(Strict, frozen=True, kw_only=True):
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    seed: int | None = None
    stop_sequences: list[str] | None = None
    candidate_count: int | None = None
    response_mime_type: Literal["application/json", "text/plain"] | None = None
    response_json_schema: dict[str, Any] | None = None
    thinking_config: ThinkingConfig | None = None


class Request(Strict, frozen=True, kw_only=True):
    contents: list[Content]
    system_instruction: Content | None = None
    safety_settings: list[SafetySetting] = []
    generation_config: GenerationConfig = GenerationConfig()
    store: bool | None = None
    service_tier: Literal["unspecified", "standard", "priority", "flex"] | None = None


_FREE = {"responseJsonSchema", "response_json_schema"}


def camel(value: Any) -> Any:
    """The server reads both spellings, and the client mixes them; what is free in form stays as it is."""
    if isinstance(value, list):
        return [camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {_camel(key): one if key in _FREE else camel(one) for key, one in value.items()}


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(part.capitalize() for part in rest)
