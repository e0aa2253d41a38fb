"""Gemini's wire in our words: a prompt as its request, its chunks and errors as ours."""

import re
from typing import Any

from google.genai import errors, types

from services.llm.chat_model import Ended, Ending, Prompt
from services.llm.engines.peer import ending_of_status, seconds_of
from services.llm.gemini_models import Thinking

NAME = "gemini"

_FINISHED: dict[str, Ending] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    **dict.fromkeys(
        ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "ESCALATION", "MODEL_ARMOR"),
        "blocked_output",
    ),
}
"""Every other reason is a model that lost its way: cut."""
_GOES_ON = "FINISH_REASON_UNSPECIFIED"
"""No reason at all: some servers put it into every chunk."""
_CATEGORIES = (
    types.HarmCategory.HARM_CATEGORY_HARASSMENT,
    types.HarmCategory.HARM_CATEGORY_HATE_SPEECH,
    types.HarmCategory.HARM_CATEGORY_SEXUALLY_EXPLICIT,
    types.HarmCategory.HARM_CATEGORY_DANGEROUS_CONTENT,
)
TOKENS_A_WORD = 3
"""Enough for Dutch. Only a fence: the number of words in the prompt is the limit a model keeps."""
ROOM_TO_THINK = 1024
"""Thoughts count as output: a fence around the words alone would leave a thinking model none."""
PLACEHOLDER = "…"
"""What the client is told the conversation is: see `with_contents`."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)s?")
_RETRY_IN = re.compile(r"retry (?:in|after) (\d+(?:\.\d+)?) ?s", re.IGNORECASE)


def with_contents(prompt: Prompt) -> types.HttpOptions:
    """The conversation, for one request, as the server reads it. It ends with the visitor: a last content of the model's is refused.

    It goes past the client's own types: they walk every field of every stretch several times, 0.7 ms a stretch.
    """
    contents = [
        {"role": "user" if message.speaker == "visitor" else "model", "parts": [{"text": message.text}]}
        for message in prompt.messages
    ]
    return types.HttpOptions(extra_body={"contents": contents})


def fixed_config(thinking: Thinking, safety: str, service_tier: str) -> dict[str, Any]:
    """What is the same in every request, validated once: the SDK walks everything it is given anew each time."""
    threshold = types.HarmBlockThreshold(safety)
    config: dict[str, Any] = {
        "safety_settings": [types.SafetySetting(category=category, threshold=threshold) for category in _CATEGORIES],
        "store": False,  # paid projects keep what visitors say unless every request declines
        "automatic_function_calling": types.AutomaticFunctionCallingConfig(disable=True),
        "automatic_continuation": False,
    }
    if thinking.level:
        config["thinking_config"] = types.ThinkingConfig(thinking_level=types.ThinkingLevel(thinking.level))
    elif thinking.budget_tokens is not None:
        config["thinking_config"] = types.ThinkingConfig(thinking_budget=thinking.budget_tokens)
    if service_tier:
        config["service_tier"] = types.ServiceTier(service_tier)
    return config


def most_tokens(max_words: int, thinking: Thinking) -> int:
    """The fence around an answer."""
    return max(80, TOKENS_A_WORD * max_words) + (0 if thinking.is_silent else ROOM_TO_THINK)


class Answer:
    """One reply as its chunks come in."""

    def __init__(self) -> None:
        self.version = ""
        """The model that really answers."""
        self.ending: Ending | None = None
        """Set by the chunk that says why it ends."""
        self.tokens = 0
        self._has_text = False

    def take(self, chunk: types.GenerateContentResponse) -> str:
        """The chunk's text, without thoughts and calls."""
        self.version = chunk.model_version or self.version
        if chunk.usage_metadata and chunk.usage_metadata.candidates_token_count:
            self.tokens = chunk.usage_metadata.candidates_token_count
        if chunk.prompt_feedback and chunk.prompt_feedback.block_reason:
            self.ending = "blocked_prompt"
        text = ""
        for candidate in (chunk.candidates or [])[:1]:
            parts = candidate.content.parts if candidate.content else None
            text = "".join(part.text for part in parts or [] if part.text and not part.thought)
            if candidate.finish_reason and candidate.finish_reason.value != _GOES_ON:
                self.ending = _FINISHED.get(str(candidate.finish_reason.value), "cut")
        self._has_text = self._has_text or bool(text)
        return text

    def ended(self) -> Ended:
        """How it ended, once no more comes: a stream that says nothing of its end broke off."""
        ending = self.ending or "cut"
        if not self._has_text and ending in {"stop", "length", "cut"}:
            ending = "empty"
        return Ended(ending=ending, engine=NAME, tokens=self.tokens)


def ended_by(error: errors.APIError) -> Ended:
    """How an error of the server ends a reply."""
    if not isinstance(error.code, int):
        return Ended(ending="cut", engine=NAME)
    details = str(error.details)
    ending = "auth" if "API_KEY_INVALID" in details else ending_of_status(error.code)
    return Ended(ending=ending, engine=NAME, retry_after_s=_retry_after_s(error) if ending == "rate" else 0.0)


def words_of_error(error: errors.APIError, key: str) -> str:
    """The server's own words, short, without the key. It may quote the request: only for one without a visitor in it."""
    words = " ".join(re.sub(r"<[^>]*>", " ", str(error.message or "")).split())[:200]
    return words.replace(key, "***") if key else words


def _retry_after_s(error: errors.APIError) -> float:
    """Seconds to wait: of `RetryInfo`, else of the header, else of the server's words, else 0."""
    headers = getattr(error.response, "headers", None) or {}
    said = _RETRY_IN.search(str(error.message or ""))
    return _retry_delay_s(error.details) or seconds_of(headers.get("retry-after")) or (float(said[1]) if said else 0.0)


def _retry_delay_s(details: Any) -> float:
    """Seconds of `RetryInfo`, or 0. Some servers wrap the error in a list, as Google does without alt=sse."""
    body = details[0] if isinstance(details, list) and details else details
    error = body.get("error", body) if isinstance(body, dict) else {}
    listed = error.get("details") if isinstance(error, dict) else None
    for detail in listed if isinstance(listed, list) else []:
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("RetryInfo"):
            return _duration_s(detail.get("retryDelay"))
    return 0.0


def _duration_s(value: Any) -> float:
    """A protobuf Duration, in JSON "36s" or "1.5s"; also a plain number, and its two fields."""
    if isinstance(value, dict):
        return seconds_of(value.get("seconds")) + seconds_of(value.get("nanos")) / 1e9
    match = _DURATION.fullmatch(str(value).strip())
    return float(match[1]) if match else 0.0
