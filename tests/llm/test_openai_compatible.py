"""A server of chat completions: what is sent, and how every fault ends."""

import gc

import pytest

pytest.importorskip("httpx2", reason="httpx2 is not installed")

from services.llm.chat_model import Ending
from services.llm.engines.openai_compatible import OpenAiCompatible
from shared.errors import EngineUnavailable
from tests.peers.openai import MODEL, WORDS, OpenAiPeer
from tests.support.llm_improviser import prompt
from tests.support.llm_peers import SILENT, STALLED, ask, asking, open_compatible, soon, with_keys
from tests.support.llm_room import mirror, visitor

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch)


async def test_a_request_is_the_system_text_and_the_conversation() -> None:
    history = (mirror("Good evening."), visitor("Hello."), mirror("You came."))
    async with asking(peer := OpenAiPeer(), model=MODEL, extra={"temperature": 0.8}) as model:
        text, ended = await ask(model, prompt("I am afraid.", history=history))
    sent = peer.asked[0].json
    assert (text, ended.ending) == ("".join(WORDS), "stop")
    assert [one["role"] for one in sent["messages"]] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert (sent["stream"], sent["max_tokens"], sent["temperature"]) == (True, 96, 0.8)
    assert "authorization" not in peer.asked[0].headers


async def test_without_a_model_the_first_that_the_server_lists_is_asked() -> None:
    async with asking(peer := OpenAiPeer(model="qwen3.5-4b")) as model:
        await model.warm_up()
        assert model.about.version == "qwen3.5-4b"
    assert peer.asked[0].json["model"] == "qwen3.5-4b"


async def test_a_server_that_still_loads_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.llm.engines.openai_compatible.LOADING_STEP_S", 0.0)
    peer = OpenAiPeer()
    peer.loading = 3
    async with asking(peer) as model:
        await model.warm_up()
    assert len(peer.asked) == 1


async def test_a_server_that_never_gets_its_weights_is_given_up() -> None:
    peer = OpenAiPeer()
    peer.loading = 10_000
    async with asking(peer, warm_up_s=0.01) as model:
        with pytest.raises(EngineUnavailable, match="still loading"):
            await model.warm_up()


async def test_a_key_comes_from_the_variable_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "abc")
    async with asking(OpenAiPeer(key="abc"), model=MODEL, api_key_env="MY_KEY") as model:
        assert (await ask(model))[1].ending == "stop"
    async with asking(OpenAiPeer(key="other"), model=MODEL, api_key_env="MY_KEY") as model:
        with pytest.raises(EngineUnavailable, match=r"Incorrect API key.*set the key"):
            await model.warm_up()


async def test_thoughts_are_not_spoken_wherever_the_server_puts_them() -> None:
    async with asking(OpenAiPeer("thinks"), model=MODEL) as model:
        assert (await ask(model))[0] == "".join(WORDS)


async def test_tokens_are_counted_if_the_server_is_asked_to() -> None:
    async with asking(OpenAiPeer(), model=MODEL, extra={"stream_options": {"include_usage": True}}) as model:
        assert (await ask(model))[1].tokens == 21


async def test_an_answer_in_single_bytes_is_the_same_answer() -> None:
    peer = OpenAiPeer()
    peer.chunk_bytes = 1
    async with asking(peer, model=MODEL) as model:
        assert (await ask(model))[0] == "".join(WORDS)


ENDINGS: list[tuple[str, Ending, bool]] = [
    ("length", "length", True), ("content_filter", "blocked_output", True), ("tool_calls", "cut", True),
    ("no_reason", "stop", True), ("no_end", "cut", True), ("empty", "empty", False), ("keepalive", "stop", True),
    ("error_mid", "overload", True), ("bad_json", "cut", True), ("bad_shape", "cut", False),
    ("not_a_stream", "cut", False), ("cut", "cut", True), ("429", "rate", False), ("400", "config", False),
    ("401", "auth", False), ("403", "auth", False), ("404", "config", False), ("500", "overload", False),
    ("503", "overload", False),
]  # fmt: skip


@pytest.mark.parametrize(("scenario", "ending", "has_text"), ENDINGS)
async def test_every_fault_has_an_ending_and_costs_one_request(scenario: str, ending: Ending, has_text: bool) -> None:
    async with asking(peer := OpenAiPeer(scenario), model=MODEL) as model:
        text, ended = await ask(model)
        assert (ended.ending, bool(text)) == (ending, has_text)
        assert len(peer.asked) == 1
        await soon(peer.asked[0].done)
        assert (await ask(model))[1].ending == "stop"
        assert model.trouble == ""


@pytest.mark.parametrize(("scenario", "has_text"), [("slow", False), ("stall", True)])
async def test_a_server_that_hangs_is_left_at_our_own_deadline(scenario: str, has_text: bool) -> None:
    async with asking(peer := OpenAiPeer(default=scenario), model=MODEL) as model:
        text, ended = await ask(model, deadlines=STALLED if has_text else SILENT)
        assert (ended.ending, bool(text)) == ("timeout", has_text)
        await soon(peer.asked[0].left)


async def test_too_many_requests_say_how_long_to_wait() -> None:
    async with asking(OpenAiPeer("429"), model=MODEL) as model:
        assert (await ask(model))[1].retry_after_s == 7.0


async def test_a_port_where_nobody_listens_is_a_cut() -> None:
    model = open_compatible(base_url="http://127.0.0.1:9")
    assert (await ask(model))[1].ending == "cut"
    with pytest.raises(EngineUnavailable, match=r"127.0.0.1:9.*see that the peer runs"):
        await model.warm_up()
    await model.close()


@pytest.mark.parametrize("scenario", ["stall", "bad_json", "error_mid"])
async def test_a_stream_that_is_left_is_free_without_the_garbage_collector(scenario: str) -> None:
    gc.disable()
    try:
        async with asking(peer := OpenAiPeer(default=scenario), model=MODEL) as model:
            async for _ in (stream := model.stream(prompt("Hello."))):
                break
            await stream.aclose()
            await soon(peer.asked[0].left)
    finally:
        gc.enable()


async def test_a_whole_answer_gives_its_connection_back() -> None:
    async with asking(peer := OpenAiPeer(), model=MODEL) as model:
        for _ in range(3):
            await ask(model)
        assert isinstance(model, OpenAiCompatible)
        assert len(model._http._transport._pool.connections) == 1  # type: ignore[attr-defined]
    assert not any(one.left.is_set() for one in peer.asked)


async def test_nothing_a_visitor_or_the_model_said_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with asking(OpenAiPeer("bad_json", "400", "error_mid"), model=MODEL) as model:
        for _ in range(3):
            await ask(model, "My secret is a canary.")
            assert "canary" not in model.trouble
    assert "canary" not in caplog.text
    assert "heard you" not in caplog.text
