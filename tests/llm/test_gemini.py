"""Google's own client against a strict local peer: what is sent, and how every fault ends."""

import asyncio
import gc

import pytest

pytest.importorskip("google.genai", reason="google-genai is not installed")

from services.llm.chat_model import Ending
from services.llm.engines.gemini import Gemini
from services.llm.warming import WARM_PROMPT
from shared.errors import ConfigError, EngineUnavailable
from tests.peers.gemini import KEY, WORDS, GeminiPeer
from tests.support.llm_improviser import prompt
from tests.support.llm_peers import SILENT, STALLED, ask, asking, open_gemini, soon, with_keys
from tests.support.llm_room import mirror, visitor

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch)


# --- what is sent ---------------------------------------------------------------------------------------------------------


async def test_a_request_declines_storage_names_every_safety_setting_and_thinks_the_least() -> None:
    async with asking(peer := GeminiPeer()) as model:
        text, ended = await ask(model)
    sent = peer.asked[0]
    assert (text, ended.ending, ended.tokens) == ("".join(WORDS), "stop", 20)
    assert sent.path == "/v1/models/gemini-3.5-flash-lite:streamGenerateContent"
    assert sent.json["store"] is False
    assert len(sent.json["safetySettings"]) == 4
    assert {one["threshold"] for one in sent.json["safetySettings"]} == {"BLOCK_MEDIUM_AND_ABOVE"}
    assert sent.json["generationConfig"]["thinkingConfig"] == {"thinking_level": "MINIMAL"}
    assert "tools" not in sent.json


async def test_the_conversation_is_what_the_room_heard_and_ends_with_the_visitor() -> None:
    history = (mirror("Good evening."), visitor("Hello."), mirror("You came."))
    async with asking(peer := GeminiPeer()) as model:
        await ask(model, prompt("I am afraid.", history=history))
    contents = [(one["role"], one["parts"][0]["text"]) for one in peer.asked[0].json["contents"]]
    assert contents == [
        ("user", "…"),
        ("model", "Good evening."),
        ("user", "Hello."),
        ("model", "You came."),
        ("user", "I am afraid."),
    ]


@pytest.mark.parametrize(
    ("model_id", "thinking"),
    [
        ("gemini-2.5-flash-lite", {"thinking_budget": 0}),
        ("gemini-2.5-pro", {"thinking_budget": 128}),
        ("gemini-3.1-flash-lite", {"thinking_level": "MINIMAL"}),
        ("gemini-3.8-flash", {"thinking_level": "LOW"}),
    ],
)
async def test_each_family_is_asked_for_the_least_thinking_it_accepts(
    model_id: str, thinking: dict[str, object]
) -> None:
    async with asking(peer := GeminiPeer(), model=model_id) as model:
        assert (await ask(model))[1].ending == "stop"
    assert peer.asked[0].json["generationConfig"]["thinkingConfig"] == thinking


async def test_a_thinking_model_has_room_to_think_beside_the_words() -> None:
    async with asking(peer := GeminiPeer(), model="gemini-3.8-flash") as model:
        await ask(model)
    assert peer.asked[0].json["generationConfig"]["maxOutputTokens"] > 1000


async def test_a_tuned_model_is_asked_by_its_id_and_thinks_like_its_base() -> None:
    async with asking(peer := GeminiPeer(), tuned_model="tunedModels/mirror-1") as model:
        assert (await ask(model))[1].ending == "stop"
        assert model.trouble == ""
    assert peer.asked[0].path == "/v1/tunedModels/mirror-1:streamGenerateContent"
    assert peer.asked[0].json["generationConfig"]["thinkingConfig"] == {"thinking_level": "MINIMAL"}


async def test_thoughts_and_calls_are_not_spoken() -> None:
    async with asking(GeminiPeer("thought")) as model:
        assert (await ask(model))[0] == "".join(WORDS)


async def test_an_answer_in_single_bytes_is_the_same_answer() -> None:
    peer = GeminiPeer()
    peer.chunk_bytes, peer.answers = 1, type(peer.answers)(["Één spiegel — en wat nog? "])
    async with asking(peer) as model:
        assert (await ask(model))[0] == "Één spiegel — en wat nog? "


# --- how it ends ----------------------------------------------------------------------------------------------------------

ENDINGS: list[tuple[str, Ending, bool]] = [
    ("max_tokens", "length", True), ("safety_mid", "blocked_output", True), ("recitation", "blocked_output", True),
    ("prohibited", "blocked_output", True), ("other", "cut", True), ("malformed", "cut", True),
    ("prompt_block", "blocked_prompt", False), ("empty", "empty", False), ("only_thought", "empty", False),
    ("no_end", "cut", True), ("error_mid", "overload", True), ("bad_json", "cut", True), ("bad_shape", "cut", False),
    ("keepalive", "stop", True), ("cut", "cut", True), ("429", "rate", False), ("503", "overload", False),
    ("500", "overload", False), ("504", "overload", False), ("html502", "overload", False), ("400", "config", False),
    ("404", "config", False), ("403", "auth", False), ("bad_key", "auth", False), ("redirect", "cut", False),
]  # fmt: skip


@pytest.mark.parametrize(("scenario", "ending", "has_text"), ENDINGS)
async def test_every_fault_has_an_ending_and_costs_one_request(scenario: str, ending: Ending, has_text: bool) -> None:
    async with asking(peer := GeminiPeer(scenario)) as model:
        text, ended = await ask(model)
        assert (ended.ending, bool(text)) == (ending, has_text)
        assert len(peer.asked) == 1
        await soon(peer.asked[0].done)
        assert (await ask(model))[1].ending == "stop"
        assert model.trouble == ""


@pytest.mark.parametrize(("scenario", "has_text"), [("slow", False), ("late", False), ("stall", True)])
async def test_a_server_that_hangs_is_left_at_our_own_deadline(scenario: str, has_text: bool) -> None:
    async with asking(peer := GeminiPeer(default=scenario)) as model:
        text, ended = await ask(model, deadlines=STALLED if has_text else SILENT)
        assert (ended.ending, bool(text)) == ("timeout", has_text)
        await soon(peer.asked[0].left)


async def test_too_many_requests_say_how_long_to_wait() -> None:
    async with asking(GeminiPeer("429")) as model:
        assert (await ask(model))[1].retry_after_s == 36.0


async def test_a_port_where_nobody_listens_is_a_cut_without_a_second_try() -> None:
    model = open_gemini(base_url="http://127.0.0.1:9")
    assert (await ask(model))[1].ending == "cut"
    assert "ConnectError" in model.trouble
    await model.close()


# --- the connection -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["stall", "bad_json", "error_mid"])
async def test_a_stream_that_is_left_is_free_without_the_garbage_collector(scenario: str) -> None:
    gc.disable()
    try:
        async with asking(peer := GeminiPeer(default=scenario)) as model:
            async for _ in (stream := model.stream(prompt("Hello."))):
                break
            await stream.aclose()
            await soon(peer.asked[0].left)
    finally:
        gc.enable()


async def test_a_cancelled_reader_frees_the_connection() -> None:
    async with asking(peer := GeminiPeer(default="slow")) as model:
        reader = asyncio.create_task(ask(model))
        while not peer.asked:
            await asyncio.sleep(0)
        reader.cancel()
        await asyncio.wait({reader})
        await soon(peer.asked[0].left)


async def test_a_whole_answer_gives_its_connection_back() -> None:
    async with asking(peer := GeminiPeer()) as model:
        for _ in range(3):
            await ask(model)
        assert isinstance(model, Gemini)
        assert len(model._http._transport._pool.connections) == 1  # type: ignore[attr-defined]
    assert not any(one.left.is_set() for one in peer.asked)


async def test_an_answer_that_is_over_is_not_waited_for_to_hang_up() -> None:
    async with asking(peer := GeminiPeer("open_end")) as model:
        assert (await ask(model))[1].ending == "stop"
        await soon(peer.asked[0].left)


async def test_other_installed_clients_and_the_environment_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("google.genai._api_client.has_aiohttp", True)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    async with asking(GeminiPeer()) as model:
        assert (await ask(model))[1].ending == "stop"


async def test_an_idle_connection_is_used_so_that_it_stays() -> None:
    async with asking(peer := GeminiPeer(), keep_warm_s=0.01) as model:
        await model.warm_up()
        async with asyncio.timeout(5.0):
            while len(peer.received) < 3:
                await asyncio.sleep(0.01)
        assert {(one.method, one.path) for one in peer.received[1:]} == {("GET", "/v1/models/gemini-3.5-flash-lite")}


# --- the model that answers -----------------------------------------------------------------------------------------------


async def test_a_model_that_was_replaced_without_a_word_is_counted_and_shown() -> None:
    async with asking(GeminiPeer("rerouted", "rerouted")) as model:
        assert isinstance(model, Gemini)
        await model.warm_up()
        assert (model.rerouted, model.about.version) == (1, "gemini-3.6-flash")
        assert (await ask(model))[1].ending == "stop"
        assert "asked for gemini-3.5-flash-lite, gemini-3.6-flash answers (2 replies)" in model.trouble
        await ask(model)
        assert (model.rerouted, model.trouble) == (0, "")


# --- before the first visitor ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "says"),
    [("bad_key", "API key not valid.*set the key"), ("404", "No such model.*model, base_url"), ("503", "overloaded")],
)
async def test_an_engine_that_cannot_get_warm_says_why_and_what_to_do(scenario: str, says: str) -> None:
    async with asking(GeminiPeer(scenario)) as model:
        with pytest.raises(EngineUnavailable, match=says):
            await model.warm_up()


async def test_a_refused_setting_is_found_before_the_first_visitor() -> None:
    async with asking(GeminiPeer(), model="gemini-3.8-flash", thinking="MINIMAL") as model:
        with pytest.raises(EngineUnavailable, match="Thinking level MINIMAL is not supported"):
            await model.warm_up()


async def test_without_a_key_google_is_not_even_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")
    model = open_gemini()
    with pytest.raises(EngineUnavailable, match="GEMINI_API_KEY"):
        await model.warm_up()
    await model.close()


def test_what_is_no_key_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "sécret one")
    with pytest.raises(EngineUnavailable, match="GEMINI_API_KEY") as refusal:
        open_gemini()
    assert "one, on" not in str(refusal.value)
    assert "sécret" not in str(refusal.value)


async def test_the_key_is_in_a_header_and_in_nothing_that_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with asking(peer := GeminiPeer("bad_key", "429", "bad_json")) as model:
        for _ in range(3):
            await ask(model, WARM_PROMPT)
            assert KEY not in model.trouble
    assert all(one.headers["x-goog-api-key"] == KEY and KEY not in one.path + one.query for one in peer.asked)
    assert KEY not in caplog.text


async def test_nothing_a_visitor_or_the_model_said_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with asking(GeminiPeer("bad_json", "400", "error_mid", "safety_mid")) as model:
        for _ in range(4):
            await ask(model, "My secret is a canary.")
            assert "canary" not in model.trouble
    assert "canary" not in caplog.text
    assert "heard you" not in caplog.text


@pytest.mark.parametrize("base_url", ["127.0.0.1:8801", "ftp://x", "http://"])
def test_what_is_no_address_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        open_gemini(base_url=base_url)


@pytest.mark.parametrize("suffix", ["/", "/v1beta", "/v1beta/"])
async def test_a_version_may_stand_in_the_address(suffix: str) -> None:
    async with (peer := GeminiPeer()).serving() as base_url:
        model = open_gemini(base_url=base_url + suffix)
        assert (await ask(model))[1].ending == "stop"
        await model.close()
    assert peer.asked[0].path.startswith("/v1beta/" if "beta" in suffix else "/v1/")
