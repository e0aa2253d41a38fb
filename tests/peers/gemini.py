"""A peer that speaks Gemini's wire and refuses what Gemini refuses: `python -m tests.peers.gemini --port 8801`.

What it does with a request is the next of `script`, else `default`: a name of SCENARIOS. The model `fake-<name>` asks for one too.
"""

import argparse
import re
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tests.peers.gemini_schema import Request, camel
from tests.peers.http_peer import HttpPeer, Received, Refusal, Wire, in_schema, serve_for_ever

KEY = "test-key-0123456789"
MODEL = "gemini-3.5-flash-lite"
_ROUTE = re.compile(r"/(v1|v1beta)/(models|tunedModels)/([\w.-]+):(streamGenerateContent|generateContent)")
_MODEL = re.compile(r"/(v1|v1beta)/(models|tunedModels)/([\w.-]+)")
WORDS = ("I heard you say it, ", "and something in me ", "leaned closer. ", "What is it ", "that you keep back?")
OTHERS = (
    ("You keep that quietly, ", "like a lamp under a coat. ", "Who taught you to hide it?"),
    ("Wait, ", "say that again without the smile. ", "I want to hear the other voice."),
    ("That is older than today, ", "I can hear it in how you breathe."),
    ("So it stays with you, ", "even here, in front of me. ", "What would be left without it?"),
)
RATINGS = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}]
_RETIRED = {"gemini-3.7-flash": "gemini-3.8-flash", "gemini-3.5-flash": "gemini-3.6-flash"}
_LEAST = {
    "gemini-3.8-flash": ("LOW", "MEDIUM", "HIGH", "XHIGH"),
    "gemini-3.7-flash": ("LOW", "MEDIUM", "HIGH", "XHIGH"),
}


def error(code: int, status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def rpc(kind: str, **fields: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **fields}


RATE = error(
    429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.",
    rpc("QuotaFailure", violations=[{"quotaId": "GenerateRequestsPerMinute"}]), rpc("RetryInfo", retryDelay="36s"),
)  # fmt: skip
BUSY = error(503, "UNAVAILABLE", "The model is overloaded.")
BAD_KEY = error(400, "INVALID_ARGUMENT", "API key not valid.", rpc("ErrorInfo", reason="API_KEY_INVALID"))


class GeminiPeer(HttpPeer):
    """One project with one key."""

    def __init__(self, *script: str, default: str = "ok", key: str = KEY) -> None:
        super().__init__()
        self.script = deque(script)
        self.default = default
        self.key = key
        self.pause_s = 60.0
        """How slow slow is."""
        self.chunk_bytes = 0
        self.answers: deque[str] = deque()
        """What to say, before WORDS."""
        self.is_varied = False
        """Say something else each time, as in a visit."""

    async def reply(self, received: Received, wire: Wire) -> None:
        wire.chunk_bytes = self.chunk_bytes
        if received.headers.get("x-goog-api-key") != self.key:
            raise Refusal(400, BAD_KEY)
        if received.method == "GET" and (match := _MODEL.fullmatch(received.path)):
            await wire.answer(200, {"name": f"{match[2]}/{match[3]}", "displayName": match[3]})
            return
        match = _ROUTE.fullmatch(received.path)
        if match is None or received.method != "POST":
            raise Refusal(404, error(404, "NOT_FOUND", "The requested URL was not found on this server."))
        model = match[3] if match[2] == "models" else f"tunedModels/{match[3]}"
        request = _read(received, model)
        if match[4] == "generateContent":
            if self.script and self.script[0] in REFUSALS:
                await SCENARIOS[self.script.popleft()](self, wire, model)
            await wire.answer(200, self._whole(model, request))
            return
        if received.query != "alt=sse":
            raise Refusal(400, error(400, "INVALID_ARGUMENT", "this peer streams with alt=sse only"))
        scenario = model[5:] if model.startswith("fake-") else self.script.popleft() if self.script else self.default
        await SCENARIOS[scenario](self, wire, model)

    def words(self) -> tuple[str, ...]:
        if self.answers:
            return (self.answers.popleft(),)
        return (WORDS, *OTHERS)[len(self.received) % (len(OTHERS) + 1)] if self.is_varied else WORDS

    def _whole(self, model: str, request: Request) -> dict[str, Any]:
        schema = request.generation_config.response_json_schema
        if schema and request.generation_config.response_mime_type != "application/json":
            raise Refusal(400, error(400, "INVALID_ARGUMENT", "A JSON schema needs responseMimeType application/json"))
        text = in_schema(schema) if schema and not self.answers else "".join(self.words())
        return chunk(text, model, finish="STOP")


def _read(received: Received, model: str) -> Request:
    """The request, or the refusal it deserves."""
    try:
        request = msgspec.convert(camel(received.json), Request)
    except msgspec.ValidationError as wrong:
        raise Refusal(400, error(400, "INVALID_ARGUMENT", f"Invalid JSON payload received. {wrong}")) from wrong
    if not request.contents:
        raise Refusal(400, error(400, "INVALID_ARGUMENT", "contents is not specified"))
    if request.contents[-1].role == "model":
        raise Refusal(400, error(400, "INVALID_ARGUMENT", "Please ensure that the last content is of role user."))
    thinking = request.generation_config.thinking_config
    if thinking and thinking.thinking_level and thinking.thinking_budget is not None:
        raise Refusal(
            400, error(400, "INVALID_ARGUMENT", "You can only set one of thinking budget and thinking level.")
        )
    if thinking and thinking.thinking_level and not model.startswith(("gemini-3", "gemini-4", "tunedModels", "fake-")):
        raise Refusal(400, error(400, "INVALID_ARGUMENT", "Thinking level is not supported for this model."))
    if (
        thinking
        and thinking.thinking_level
        and thinking.thinking_level not in _LEAST.get(model, (thinking.thinking_level,))
    ):
        raise Refusal(
            400, error(400, "INVALID_ARGUMENT", f"Thinking level {thinking.thinking_level} is not supported.")
        )
    if model.startswith("gemini-2.0"):
        raise Refusal(404, error(404, "NOT_FOUND", f"models/{model} is not found for API version v1."))
    return request


def chunk(text: str, model: str, *, finish: str = "", thought: bool = False, tokens: int = 0) -> dict[str, Any]:
    part: dict[str, Any] = {"text": text, "thought": True} if thought else {"text": text}
    candidate: dict[str, Any] = {"content": {"parts": [part], "role": "model"}, "index": 0, "safetyRatings": RATINGS}
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": {"promptTokenCount": 210, "candidatesTokenCount": tokens, "totalTokenCount": 210 + tokens},
        "modelVersion": _RETIRED.get(model, model),
        "responseId": "r-1",
    }


def event(body: Any) -> bytes:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return b"data: " + raw + b"\r\n\r\n"


async def _open(wire: Wire) -> None:
    await wire.head(200, "text/event-stream")


async def _say(peer: GeminiPeer, wire: Wire, model: str, count: int | None = None, finish: str = "STOP") -> None:
    words = peer.words()
    for number, text in enumerate(words[:count], 1):
        is_last = count is None and number == len(words)
        await wire.body(event(chunk(text, model, finish=finish if is_last else "", tokens=4 * number)))


async def _ok(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await _say(peer, wire, model)
    await wire.body(b"", more=False)


async def _rerouted(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _ok(peer, wire, "gemini-3.6-flash")


async def _thought(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await wire.body(event(chunk("They sound afraid.", model, thought=True)))
    call = {"functionCall": {"id": "1", "name": "signal", "args": {"name": "told"}}, "thoughtSignature": "c2ln"}
    await wire.body(event({"candidates": [{"content": {"parts": [call], "role": "model"}}], "modelVersion": model}))
    await _say(peer, wire, model)
    await wire.body(b"", more=False)


async def _only_thought(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await wire.body(event(chunk("Hm.", model, thought=True, finish="MAX_TOKENS")), more=False)


async def _prompt_block(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": RATINGS}, "modelVersion": model}
    await wire.body(event(blocked), more=False)


def _finishing(reason: str) -> Callable[[GeminiPeer, Wire, str], Awaitable[None]]:
    async def scenario(peer: GeminiPeer, wire: Wire, model: str) -> None:
        await _open(wire)
        await wire.body(event(chunk("I heard you say it, and then ", model)))
        end = chunk("", model, finish=reason)
        del end["candidates"][0]["content"]
        await wire.body(event(end), more=False)

    return scenario


async def _empty(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await wire.body(b"", more=False)


async def _no_end(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await _say(peer, wire, model, 2)
    await wire.body(b"", more=False)


async def _error_mid(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await _say(peer, wire, model, 2)
    await wire.body(event(BUSY))
    await wire.wait(peer.pause_s)


async def _bad_json(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await _say(peer, wire, model, 2)
    await wire.body(event(b'{"candidates": [{"content": {"par'))
    await wire.wait(peer.pause_s)


async def _bad_shape(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await wire.body(event(b'{"candidates": 5}'))
    await wire.wait(peer.pause_s)


async def _keepalive(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await wire.body(b": ping\r\n\r\n")
    await _say(peer, wire, model)
    await wire.body(b"", more=False)


class Cut(Exception):
    """The server breaks off without the end of the body."""


async def _cut(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await _say(peer, wire, model, 2)
    raise Cut


async def _slow(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await wire.wait(peer.pause_s)
    await _ok(peer, wire, model)


async def _late(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await wire.wait(peer.pause_s)
    await _say(peer, wire, model)
    await wire.body(b"", more=False)


async def _stall(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await _say(peer, wire, model, 2)
    await wire.wait(peer.pause_s)
    await wire.body(b"", more=False)


async def _open_end(peer: GeminiPeer, wire: Wire, model: str) -> None:
    await _open(wire)
    await _say(peer, wire, model)
    await wire.wait(peer.pause_s)


def _refusing(status: int, body: Any, headers: dict[str, str] | None = None) -> Callable[..., Awaitable[None]]:
    async def scenario(peer: GeminiPeer, wire: Wire, model: str) -> None:
        raise Refusal(status, body, headers)

    return scenario


SCENARIOS: dict[str, Callable[[GeminiPeer, Wire, str], Awaitable[None]]] = {
    "ok": _ok, "rerouted": _rerouted, "thought": _thought, "only_thought": _only_thought, "prompt_block": _prompt_block,
    "safety_mid": _finishing("SAFETY"), "recitation": _finishing("RECITATION"), "max_tokens": _finishing("MAX_TOKENS"),
    "prohibited": _finishing("PROHIBITED_CONTENT"), "other": _finishing("OTHER"),
    "malformed": _finishing("MALFORMED_RESPONSE"),
    "empty": _empty, "no_end": _no_end, "error_mid": _error_mid, "bad_json": _bad_json, "bad_shape": _bad_shape,
    "keepalive": _keepalive, "cut": _cut, "slow": _slow, "late": _late, "stall": _stall, "open_end": _open_end,
    "429": _refusing(429, RATE), "503": _refusing(503, BUSY), "bad_key": _refusing(400, BAD_KEY),
    "500": _refusing(500, error(500, "INTERNAL", "An internal error has occurred.")),
    "504": _refusing(504, error(504, "DEADLINE_EXCEEDED", "Deadline expired.")),
    "400": _refusing(400, error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")),
    "403": _refusing(403, error(403, "PERMISSION_DENIED", "The project has no access.")),
    "404": _refusing(404, error(404, "NOT_FOUND", "No such model.")),
    "html502": _refusing(502, b"<html><body>Bad Gateway</body></html>"),
    "redirect": _refusing(302, b"<html>log in</html>", {"location": "http://127.0.0.1:9/login"}),
}  # fmt: skip

REFUSALS = frozenset({"429", "503", "500", "504", "400", "403", "404", "bad_key", "html502", "slow"})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8801)
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--default", default="ok", choices=sorted(SCENARIOS))
    given = parser.parse_args()
    peer = GeminiPeer(default=given.default, key=given.key)
    peer.is_varied = True
    serve_for_ever(peer, given.host, given.port)
