"""A peer that speaks chat completions and refuses what vLLM in its strict mode refuses: `python -m tests.peers.openai --port 8802`.

What it does with a request is the next of `script`, else `default`: a name of SCENARIOS.
"""

import argparse
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from tests.peers.http_peer import HttpPeer, Received, Refusal, Wire, in_schema, serve_for_ever

MODEL = "gemma-4-e4b-it"
WORDS = ("I heard you say it, ", "and something in me ", "leaned closer. ", "What is it ", "that you keep back?")


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Literal["system", "user", "assistant"]
    content: str


class StreamOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    include_usage: bool = False


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: str
    messages: list[Message]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    cache_prompt: bool | None = None
    chat_template_kwargs: dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None


def error(code: int, message: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


class OpenAiPeer(HttpPeer):
    """A server with one model."""

    def __init__(self, *script: str, default: str = "ok", key: str = "", model: str = MODEL) -> None:
        super().__init__()
        self.script = deque(script)
        self.default = default
        self.key = key
        self.model = model
        self.pause_s = 60.0
        self.loading = 0
        """How many more times it says that it is loading."""
        self.answers: deque[str] = deque()
        self.chunk_bytes = 0

    async def reply(self, received: Received, wire: Wire) -> None:
        wire.chunk_bytes = self.chunk_bytes
        if self.key and received.headers.get("authorization") != f"Bearer {self.key}":
            raise Refusal(401, error(401, "Incorrect API key provided.", "authentication_error"))
        if self.loading:
            self.loading -= 1
            raise Refusal(503, error(503, "Loading model", "unavailable_error"))
        if (received.method, received.path) == ("GET", "/v1/models"):
            await wire.answer(200, {"object": "list", "data": [{"id": self.model, "object": "model"}]})
            return
        if (received.method, received.path) != ("POST", "/v1/chat/completions"):
            raise Refusal(404, {"detail": "Not Found"})
        request = self._read(received)
        if not request.stream:
            if self.script:
                await SCENARIOS[self.script.popleft()](self, wire, request)
            await wire.answer(200, self._whole(request))
            return
        await SCENARIOS[self.script.popleft() if self.script else self.default](self, wire, request)

    def _read(self, received: Received) -> Request:
        try:
            request = msgspec.convert(received.json, Request)
        except msgspec.ValidationError as wrong:
            raise Refusal(400, error(400, str(wrong))) from wrong
        if request.model != self.model:
            raise Refusal(404, error(404, f"The model `{request.model}` does not exist.", "NotFoundError"))
        roles = [message.role for message in request.messages]
        turns = roles[1:] if roles[:1] == ["system"] else roles
        if not turns or turns != [("user", "assistant")[n % 2] for n in range(len(turns))] or turns[-1] != "user":
            raise Refusal(400, error(400, "Conversation roles must alternate user/assistant/user/assistant/..."))
        return request

    def words(self) -> tuple[str, ...]:
        return (self.answers.popleft(),) if self.answers else WORDS

    def _whole(self, request: Request) -> dict[str, Any]:
        wanted = request.response_format
        if wanted and (wanted.get("type") != "json_schema" or not wanted.get("json_schema", {}).get("strict")):
            raise Refusal(400, error(400, "response_format: only strict json_schema"))
        text = in_schema(wanted["json_schema"]["schema"]) if wanted and not self.answers else "".join(self.words())
        message = {"role": "assistant", "content": text}
        return {"object": "chat.completion", "model": self.model, "choices": [{"index": 0, "message": message}]}

    def chunk(self, text: str | None, finish: str | None = None, **delta: Any) -> bytes:
        content = {"content": text} if text is not None else {}
        choice = {"index": 0, "delta": {**content, **delta}, "logprobs": None, "finish_reason": finish}
        return event({"id": "c", "object": "chat.completion.chunk", "model": self.model, "choices": [choice]})


def event(body: Any) -> bytes:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return b"data: " + raw + b"\n\n"


async def _say(peer: OpenAiPeer, wire: Wire, count: int | None = None) -> None:
    await wire.body(peer.chunk("", role="assistant"))
    for text in peer.words()[:count]:
        await wire.body(peer.chunk(text))


async def _end(peer: OpenAiPeer, wire: Wire, request: Request, finish: str = "stop") -> None:
    await wire.body(peer.chunk(None, finish))
    if request.stream_options and request.stream_options.include_usage:
        usage = {"prompt_tokens": 210, "completion_tokens": 21, "total_tokens": 231}
        await wire.body(event({"object": "chat.completion.chunk", "model": peer.model, "choices": [], "usage": usage}))
    await wire.body(event(b"[DONE]"), more=False)


async def _ok(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream; charset=utf-8")
    await _say(peer, wire)
    await _end(peer, wire, request)


async def _thinks(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await wire.body(peer.chunk(None, reasoning_content="They sound afraid."))
    for text in ("<th", "ink>They sound", " afraid.</thi", "nk>\n\n"):
        await wire.body(peer.chunk(text))
    await _say(peer, wire)
    await _end(peer, wire, request)


def _finishing(reason: str) -> Callable[[OpenAiPeer, Wire, Request], Awaitable[None]]:
    async def scenario(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
        await wire.head(200, "text/event-stream")
        await _say(peer, wire, 2)
        await _end(peer, wire, request, reason)

    return scenario


async def _no_reason(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await _say(peer, wire)
    await wire.body(event(b"[DONE]"), more=False)


async def _no_end(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await _say(peer, wire, 3)
    await wire.body(b"", more=False)


async def _empty(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await wire.body(event(b"[DONE]"), more=False)


async def _keepalive(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await wire.body(b": ping\n\n")
    await _say(peer, wire)
    await _end(peer, wire, request)


async def _error_mid(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await _say(peer, wire, 2)
    await wire.body(event(error(500, "slot unavailable", "server_error")))
    await wire.wait(peer.pause_s)


async def _bad_json(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await _say(peer, wire, 2)
    await wire.body(event(b'{"choices": [{"del'))
    await wire.wait(peer.pause_s)


async def _bad_shape(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await wire.body(event(b'{"choices": 5}'))
    await wire.wait(peer.pause_s)


async def _not_a_stream(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.answer(200, b"<html>log in to the guest network</html>")


class Cut(Exception):
    """The server breaks off without the end of the body."""


async def _cut(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await _say(peer, wire, 2)
    raise Cut


async def _slow(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.wait(peer.pause_s)
    await _ok(peer, wire, request)


async def _stall(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await _say(peer, wire, 2)
    await wire.wait(peer.pause_s)
    await _end(peer, wire, request)


async def _open_end(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
    await wire.head(200, "text/event-stream")
    await _say(peer, wire)
    await wire.body(peer.chunk(None, "stop"))
    await wire.wait(peer.pause_s)


def _refusing(status: int, body: Any, headers: dict[str, str] | None = None) -> Callable[..., Awaitable[None]]:
    async def scenario(peer: OpenAiPeer, wire: Wire, request: Request) -> None:
        raise Refusal(status, body, headers)

    return scenario


SCENARIOS: dict[str, Callable[[OpenAiPeer, Wire, Request], Awaitable[None]]] = {
    "ok": _ok, "thinks": _thinks, "length": _finishing("length"), "content_filter": _finishing("content_filter"),
    "tool_calls": _finishing("tool_calls"), "no_reason": _no_reason, "no_end": _no_end, "empty": _empty,
    "keepalive": _keepalive, "error_mid": _error_mid, "bad_json": _bad_json, "bad_shape": _bad_shape,
    "not_a_stream": _not_a_stream, "cut": _cut, "slow": _slow, "stall": _stall, "open_end": _open_end,
    "429": _refusing(429, error(429, "Too many requests", "rate_limit"), {"retry-after": "7"}),
    "400": _refusing(400, error(400, "maximum context length exceeded")),
    "401": _refusing(401, error(401, "no")), "403": _refusing(403, {"detail": "no"}),
    "404": _refusing(404, {"error": "model not found, try pulling it first"}),
    "500": _refusing(500, error(500, "CUDA out of memory", "server_error")),
    "503": _refusing(503, b"<html>Service Unavailable</html>"),
}  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8802)
    parser.add_argument("--key", default="")
    parser.add_argument("--default", default="ok", choices=sorted(SCENARIOS))
    given = parser.parse_args()
    serve_for_ever(OpenAiPeer(default=given.default, key=given.key), given.host, given.port)
