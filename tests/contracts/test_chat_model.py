"""What every engine of the llm stage must do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.llm.chat_model import ChatModel, Delta, Ended, Piece
from services.llm.config import LlmConfig
from services.llm.engines import ENGINES
from shared.errors import ConfigError
from tests.peers import gemini, openai
from tests.support.llm_improviser import prompt

NEEDS = {"gemini": "google.genai", "openai_compatible": "httpx2", "hedge": "google.genai"}
OPTIONS: dict[str, dict[str, Any]] = {
    "fallback": {"order": ["scripted", "improviser"]},
    "hedge": {"order": ["gemini", "openai_compatible"]},
}


@pytest.fixture(params=list(ENGINES.table))
async def model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ChatModel]:
    if request.param in NEEDS:
        pytest.importorskip(NEEDS[request.param], reason=f"{NEEDS[request.param]} is not installed")
    monkeypatch.setenv("GEMINI_API_KEY", gemini.KEY)
    async with gemini.GeminiPeer().serving() as google, openai.OpenAiPeer().serving() as local:
        options = {**OPTIONS, "gemini": {"base_url": google}, "openai_compatible": {"base_url": local}}
        engine = ENGINES.open(LlmConfig(engine=request.param, options=options))
        await engine.warm_up()
        yield engine
        await engine.close()


async def reply(model: ChatModel, said: str = "I am afraid of the dark.", turn: int = 1) -> list[Piece]:
    return [piece async for piece in model.stream(prompt(said, turn=turn))]


async def test_a_reply_is_text_and_then_one_ending(model: ChatModel) -> None:
    pieces = await reply(model)
    assert all(isinstance(piece, Delta) and piece.text for piece in pieces[:-1])
    assert isinstance(pieces[-1], Ended)
    assert len(pieces) >= 2


async def test_the_ending_names_the_engine_that_spoke(model: ChatModel) -> None:
    ended = (await reply(model))[-1]
    assert isinstance(ended, Ended)
    assert ended.engine in ENGINES.table


async def test_a_deterministic_engine_says_the_same_again_also_in_another_process(model: ChatModel) -> None:
    if not model.about.is_deterministic:
        pytest.skip(f"{model.about.name} is not deterministic")
    other = ENGINES.open(LlmConfig(engine=model.about.name, options=OPTIONS))
    await other.warm_up()
    assert await reply(model) == await reply(other)


async def test_two_visits_at_once_do_not_mix(model: ChatModel) -> None:
    if model.about.name != "improviser":
        pytest.skip("a timetable answers everybody alike")
    one, other = await asyncio.gather(reply(model, "I miss my mother."), reply(model, "I fear the dark."))
    assert one == await reply(model, "I miss my mother.")
    assert other == await reply(model, "I fear the dark.")


async def test_a_cancelled_stream_lets_go(model: ChatModel) -> None:
    async def listen() -> None:
        async for _ in model.stream(prompt("Hello.")):
            await asyncio.Event().wait()

    task = asyncio.create_task(listen())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert await reply(model)


async def test_an_engine_says_what_it_is(model: ChatModel) -> None:
    assert model.about.name
    assert model.about.device
    assert model.fallbacks >= 0
    assert model.trouble == ""


async def test_closing_twice_is_harmless(model: ChatModel) -> None:
    await model.close()
    await model.close()


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"improviser, gemini, openai_compatible, hedge, fallback, scripted"):
        ENGINES.open(LlmConfig(engine="oracle"))
