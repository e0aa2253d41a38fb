"""Peers that are not ours, given by address alone: what the standards allow and other people's servers do with it."""

import msgspec
import pytest

pytest.importorskip("google.genai")

from services.llm.chat_model import Ending
from services.llm.engines.event_lines import plain
from services.llm.engines.openai_compatible import _with_version
from tests.peers.gemini import MODEL, GeminiPeer
from tests.peers.http_peer import Refusal, Wire
from tests.peers.openai import MODEL as LOCAL
from tests.peers.openai import OpenAiPeer
from tests.support.llm_peers import ask, asking, with_keys


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch)


def said(*texts: str, **more: object) -> dict[str, object]:
    parts = [{"text": text} for text in texts]
    return {"candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0, **more}], "modelVersion": MODEL}


def as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else msgspec.json.encode(value)


STOP = said(" there.", finishReason="STOP")
USAGE = {
    "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 2, "totalTokenCount": 11},
    "modelVersion": MODEL,
}
SIGNED = {
    "candidates": [{"content": {"parts": [{"text": "", "thoughtSignature": "c2ln"}], "role": "model"}, "index": 0}]
}
UNNAMED = {"candidates": [{"content": {"parts": [{"text": "Hello there."}]}, "finishReason": "STOP"}]}


def lines(*events: object, end: bytes = b"\r\n", colon: bytes = b"data: ") -> bytes:
    return b"".join(colon + as_bytes(one) + end + end for one in events)


STREAMS: dict[str, bytes] = {
    "lines end with LF": lines(said("Hello"), STOP, end=b"\n"),
    "no space behind the colon": lines(said("Hello"), STOP, colon=b"data:"),
    "a comment first": b": connected\r\n\r\n" + lines(said("Hello"), STOP),
    "a comment between": lines(said("Hello")) + b": ping\r\n\r\n" + lines(STOP),
    "a comment within an event": b": ping\r\n" + lines(said("Hello"), STOP),
    "named and numbered events": b"event: message\r\nid: 1\r\n" + lines(said("Hello")) + b"retry: 9\n" + lines(STOP),
    "a byte order mark": b"\xef\xbb\xbf" + lines(said("Hello"), STOP),
    "a closing [DONE]": lines(said("Hello"), STOP, b"[DONE]"),
    "no end of the last event": lines(said("Hello"), STOP)[:-4],
    "no reason given as a reason": lines(said("Hello", finishReason="FINISH_REASON_UNSPECIFIED"), STOP),
    "a chunk of usage alone": lines(USAGE, said("Hello"), USAGE, STOP, USAGE),
    "a signature without a thought": lines(said("Hello"), SIGNED, STOP, SIGNED),
    "two parts in one chunk": lines(said("Hel", "lo"), STOP),
    "nobody says which model": lines(UNNAMED),
    "an empty candidate": lines({"candidates": []}, said("Hello"), {"candidates": [{"index": 0}]}, STOP),
    "fields of a later version": lines({**said("Hello"), "tomorrow": {"x": 1}}, STOP),
}


class Raw(GeminiPeer):
    """Streams these bytes, whatever is asked."""

    def __init__(self, body: bytes, piece: int = 0) -> None:
        super().__init__("raw")
        self.raw, self.piece = body, piece or len(body)

    async def reply(self, received: object, wire: Wire) -> None:
        await wire.head(200, "text/event-stream; charset=utf-8")
        for begin in range(0, len(self.raw), self.piece):
            await wire.body(self.raw[begin : begin + self.piece])
        await wire.body(b"", more=False)


@pytest.mark.parametrize("piece", [0, 1, 7])
@pytest.mark.parametrize("name", STREAMS)
async def test_an_answer_is_read_in_every_dialect_of_the_standard(name: str, piece: int) -> None:
    async with asking(Raw(STREAMS[name], piece)) as model:
        text, ended = await ask(model)
        assert (text, ended.ending) == ("Hello there.", "stop")
        assert model.trouble == ""


@pytest.mark.filterwarnings("ignore:.* is not a valid")
async def test_a_reason_that_nobody_knows_yet_is_an_answer_that_broke_off() -> None:
    async with asking(Raw(lines(said("Hello there."), said("", finishReason="TOMORROWS_REASON")))) as model:
        assert ((await ask(model))[0], (await ask(model))[1].ending) == ("Hello there.", "cut")


def refusal(delay: object, **headers: str) -> Refusal:
    info = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}] if delay is not None else []
    body = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "quota", "details": info}}
    return Refusal(429, body, headers or None)


IN_WORDS = Refusal(429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Please retry in 12.5s."}})
IN_A_LIST = Refusal(429, [refusal("7s").body])
NOTHING = Refusal(429, b"<html>slow down</html>")


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (refusal("36s"), 36.0), (refusal("1.5s"), 1.5), (refusal("0.250000000s"), 0.25), (refusal(36), 36.0), (refusal("36"), 36.0),
        (refusal({"seconds": 36, "nanos": 500_000_000}), 36.5), (refusal({"seconds": "36"}), 36.0), (refusal("soon"), 0.0),
        (refusal(None), 0.0), (refusal(None, **{"retry-after": "20"}), 20.0), (refusal("36s", **{"retry-after": "20"}), 36.0),
        (refusal(None, **{"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}), 0.0), (IN_WORDS, 12.5), (IN_A_LIST, 7.0), (NOTHING, 0.0),
    ],
)  # fmt: skip
async def test_however_a_server_says_when_to_come_back_it_is_understood(answer: Refusal, seconds: float) -> None:
    class Busy(GeminiPeer):
        async def reply(self, received: object, wire: Wire) -> None:
            raise answer

    async with asking(Busy()) as model:
        ended = (await ask(model))[1]
        assert (ended.ending, ended.retry_after_s) == ("rate", seconds)


async def test_an_address_may_have_a_path_and_a_slash_behind_it() -> None:
    peer = GeminiPeer()
    async with peer.serving() as base_url, asking(GeminiPeer()) as _:
        from tests.support.llm_peers import open_gemini

        for address in (f"{base_url}/", f"{base_url}/v1beta/"):
            model = open_gemini(base_url=address)
            assert (await ask(model))[1].ending == "stop"
            await model.close()


def test_lines_that_are_content_are_left_as_they_are() -> None:
    assert [plain(line) for line in (b'data: {"a": ": b"}', b'{"error": {', b"", b"database")] == [
        b'data: {"a": ": b"}', b'{"error": {', b"", b"database",
    ]  # fmt: skip


# --- chat completions -----------------------------------------------------------------------------------------------------


def delta(finish: str | None = None, **delta: object) -> dict[str, object]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


ROLE = delta(role="assistant", content=None)
HELLO, THERE = delta(content="Hello"), delta(content=" there.")
END = delta(finish="stop")
DONE = b"[DONE]"
NULL = {"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}
NO_CHOICES = {"choices": None, "model": None, "usage": {"completion_tokens": None}}
FILTERS = {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
PARTS = delta(
    content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "Hello"}]
)

CHATS: dict[str, tuple[bytes, Ending, str]] = {
    "a role first, without content": (lines(ROLE, HELLO, THERE, END, DONE, end=b"\n"), "stop", "Hello there."),
    "an empty role first": (lines(delta(role="assistant", content=""), HELLO, THERE, END, DONE), "stop", "Hello there."),
    "no [DONE]": (lines(HELLO, THERE, END), "stop", "Hello there."),
    "no reason, but [DONE]": (lines(HELLO, THERE, DONE), "stop", "Hello there."),
    "neither": (lines(HELLO, THERE), "cut", "Hello there."),
    "an empty reason": (lines({**HELLO, "choices": [{"delta": {"content": "Hello"}, "finish_reason": ""}]}, THERE, END), "stop", "Hello there."),
    "the reason with the last words": (lines(HELLO, delta(finish="stop", content=" there.")), "stop", "Hello there."),
    "the reason of a text generator": (lines(HELLO, THERE, delta(finish="eos_token")), "stop", "Hello there."),
    "usage at the end": (lines(HELLO, THERE, END, {"choices": [], "usage": {"completion_tokens": 4}}, DONE), "stop", "Hello there."),
    "null where a list or a number stands": (lines(NO_CHOICES, HELLO, THERE, NULL, NO_CHOICES, DONE), "stop", "Hello there."),
    "a filter's word first": (lines(FILTERS, HELLO, THERE, END, DONE), "stop", "Hello there."),
    "thoughts beside the words": (lines(delta(reasoning_content="Hm."), delta(reasoning="Hm."), HELLO, THERE, END), "stop", "Hello there."),
    "words in parts": (lines(PARTS, THERE, END), "stop", "Hello there."),
    "comments to keep the line": (b": ping\n\n" + lines(HELLO) + b": ping\n\n" + lines(THERE, END), "stop", "Hello there."),
    "no space behind the colon": (lines(HELLO, THERE, END, DONE, colon=b"data:"), "stop", "Hello there."),
    "an error in the stream": (lines(HELLO, {"error": {"message": "boom", "code": 500}}), "overload", "Hello"),
    "an error in a word": (lines(HELLO, {"error": "boom"}), "overload", "Hello"),
    "an error whose code is a word": (lines(HELLO, {"error": {"code": "server_error"}}), "overload", "Hello"),
    "an error that is the event": (lines(HELLO, {"object": "error", "message": "boom", "code": 400}, DONE), "config", "Hello"),
    "too many requests, told in the stream": (lines({"error": {"code": 429, "message": "slow down"}}), "rate", ""),
}  # fmt: skip


class RawChat(OpenAiPeer):
    """Streams these bytes, whatever is asked."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.raw = body

    async def reply(self, received: object, wire: Wire) -> None:
        await wire.head(200, "text/event-stream")
        await wire.body(self.raw)
        await wire.body(b"", more=False)


@pytest.mark.parametrize("name", CHATS)
async def test_every_servers_way_of_chatting_is_read(name: str) -> None:
    body, ending, words = CHATS[name]
    async with asking(RawChat(body), model=LOCAL) as model:
        text, ended = await ask(model)
        assert (text, ended.ending) == (words, ending)


@pytest.mark.parametrize("given", ["http://h:1", "http://h:1/v1", "http://h:1/v1/chat/completions"])
def test_a_server_is_found_by_whatever_part_of_its_address_was_pasted(given: str) -> None:
    assert _with_version(given) == "http://h:1/v1"
