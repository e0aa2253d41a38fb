"""The wire of chat completions in our words: a prompt as its request, its chunks and errors as ours."""

from typing import Any

import msgspec

from services.llm.chat_model import Ended, Ending, Prompt
from services.llm.thoughts import ThoughtFilter
from services.llm.understanding import Question

NAME = "openai_compatible"
DONE = "[DONE]"
TOKENS_A_WORD = 3
"""Enough for Dutch. Only a fence: the number of words in the prompt is the limit a model keeps."""

_FINISHED: dict[str, Ending] = {
    **dict.fromkeys(("stop", "eos", "eos_token", "stop_sequence", "end_turn"), "stop"),
    **dict.fromkeys(("length", "max_tokens"), "length"),
    "content_filter": "blocked_output",
}
"""Every other reason is a model that lost its way: cut."""


class _Part(msgspec.Struct, frozen=True):
    type: str = ""
    text: str | None = None


class _Delta(msgspec.Struct, frozen=True):
    content: str | list[_Part] | None = None
    """A text; or its parts, among which thoughts are not of type text."""

    @property
    def text(self) -> str:
        """What is to be spoken of it."""
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content if part.type == "text")
        return self.content or ""


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct, frozen=True):
    completion_tokens: int | None = None


class Chunk(msgspec.Struct, frozen=True):
    """One event of the stream; what a server adds to it is ignored."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    model: str | None = None
    error: Any = None
    object: str | None = None
    """`error`: the whole event is one, as vLLM once sent them."""
    code: Any = None
    is_done: bool = False
    """The event that says so, which has no other content."""


_CHUNKS = msgspec.json.Decoder(Chunk)


class _Said(msgspec.Struct, frozen=True):
    message: _Delta | None = None


class _Whole(msgspec.Struct, frozen=True):
    choices: list[_Said] | None = None


_WHOLE = msgspec.json.Decoder(_Whole)


class _Model(msgspec.Struct, frozen=True):
    id: str


class Models(msgspec.Struct, frozen=True):
    """Answer of `GET models`."""

    data: list[_Model] = []


def body_of(prompt: Prompt, model: str, extra: dict[str, Any]) -> dict[str, Any]:
    """The request. What changes least stands first, so that a server can reuse what it has computed."""
    roles = {"visitor": "user", "mirror": "assistant"}
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": prompt.system},
            *({"role": roles[message.speaker], "content": message.text} for message in prompt.messages),
        ],
        "stream": True,
        "max_tokens": max(80, TOKENS_A_WORD * prompt.scene.max_words),
        **extra,
    }


def question_body(question: Question, model: str, extra: dict[str, Any]) -> dict[str, Any]:
    """A closed question. The grammar that the server makes of the schema allows no other answer."""
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": question.instruction},
            {"role": "user", "content": question.said},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "meaning", "strict": True, "schema": question.schema},
        },
        "max_tokens": 80,
        **{key: value for key, value in extra.items() if key != "stream_options"},
    }


def text_of_whole(body: bytes) -> str:
    """The text of an answer that came whole. Raises msgspec.DecodeError."""
    choices = _WHOLE.decode(body).choices
    return choices[0].message.text if choices and choices[0].message else ""


def chunk_of(event: str) -> Chunk:
    """One event's content. Raises msgspec.DecodeError for what is no chunk."""
    if event.strip() == DONE:
        return Chunk(is_done=True)
    chunk = _CHUNKS.decode(event)
    return Chunk(error={"code": chunk.code}) if chunk.object == "error" and chunk.error is None else chunk


class Answer:
    """One reply as its chunks come in."""

    def __init__(self) -> None:
        self.ending: Ending | None = None
        self.tokens = 0
        self.model = ""
        """The model that says it answers."""
        self._thoughts = ThoughtFilter()
        self._has_text = False

    def take(self, chunk: Chunk) -> str:
        """The chunk's text, without thoughts."""
        self.model = chunk.model or self.model
        self.tokens = (chunk.usage.completion_tokens if chunk.usage else None) or self.tokens
        text = ""
        for choice in (chunk.choices or [])[:1]:
            text = self._thoughts.push(choice.delta.text if choice.delta else "")
            if choice.finish_reason:
                self.ending = _FINISHED.get(choice.finish_reason, "cut")
        if chunk.is_done and self.ending is None:
            self.ending = "stop"  # some servers give no reason, but say that it is over
        if self.ending:
            text += self._thoughts.finish()
        self._has_text = self._has_text or bool(text)
        return text

    def ended(self) -> Ended:
        """How it ended, once no more comes: a stream that says nothing of its end broke off."""
        ending = self.ending or "cut"
        if not self._has_text and ending in {"stop", "length", "cut"}:
            ending = "empty"
        return Ended(ending=ending, engine=NAME, tokens=self.tokens)


def words_of_error(body: Any, key: str) -> str:
    """The server's own words, short, without the key. They may quote the request: only for one without a visitor in it."""
    error = body.get("error", body) if isinstance(body, dict) else body
    words = error.get("message", "") if isinstance(error, dict) else error
    text = " ".join(str(words or "").split())[:200]
    return text.replace(key, "***") if key else text


def status_of_error(error: Any) -> int:
    """The status that an error inside a stream names, or 500."""
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) else 500
