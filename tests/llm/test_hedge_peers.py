"""The hedge on a real client and a real peer: whatever Gemini does, the visitor is answered, and the operator is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("google.genai", reason="google-genai is not installed")

from services.llm.stage import LlmStage, open_stage
from tests.peers.gemini import WORDS, GeminiPeer
from tests.peers.openai import OpenAiPeer
from tests.support.llm_peers import soon, with_keys
from tests.support.llm_room import Room, request

FAULTS = (
    "429", "503", "html502", "403", "404", "bad_key", "error_mid", "bad_json", "bad_shape", "cut", "stall", "slow",
    "late", "empty", "only_thought", "no_end", "prompt_block", "redirect",
)  # fmt: skip
BEGUN = frozenset({"error_mid", "bad_json", "cut", "stall", "no_end"})
"""Some text came, but no whole clause."""
IMPATIENT = {"hedge_s": 0.05, "clause_s": 0.06, "inter_token_s": 0.2, "rest_s": 0.05}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch)


@asynccontextmanager
async def stage_on(base_url: str, engine: str = "hedge", **options: Any) -> AsyncIterator[LlmStage]:
    stage = open_stage(
        {
            "llm": {
                "engine": engine,
                "options": {
                    "gemini": {"base_url": base_url, "keep_warm_s": 0},
                    "hedge": {**IMPATIENT, **options},
                    "fallback": {"order": ["gemini", "improviser"], "patience_s": 0.5, "inter_token_s": 0.2},
                },
            }
        }
    )
    try:
        await stage.warm_up()
        yield stage
    finally:
        await stage.close()


async def turn(stage: LlmStage, number: int = 1) -> Room:
    """One request through a worker, as the runner would hand it over."""
    room = Room()
    worker = stage.open_visit(room.visit())
    await worker.start()
    await worker.handle(request("I am afraid of the dark.", turn=number))
    return room


@pytest.mark.parametrize("engine", ["hedge", "fallback"])
@pytest.mark.parametrize("scenario", FAULTS)
async def test_whatever_gemini_does_the_visitor_is_answered_whole(engine: str, scenario: str) -> None:
    async with GeminiPeer("ok", scenario).serving() as base_url, stage_on(base_url, engine) as stage:
        room = await turn(stage)
        [ended] = room.endings
        if engine == "fallback" and scenario in BEGUN:
            # It has begun, and a sentence of one is not finished by another: the play covers for it. The hedge waits for a clause.
            assert (ended.engine, ended.clauses) == ("gemini", 0)
            return
        assert (ended.reason, ended.engine) == ("fallback", "improviser")
        assert room.clauses
        assert stage.health().fallbacks == 1


async def test_gemini_in_time_speaks_and_nothing_is_degraded() -> None:
    async with GeminiPeer().serving() as base_url, stage_on(base_url, hedge_s=5.0) as stage:
        room = await turn(stage)
        assert (room.text, room.endings[0].engine) == ("".join(WORDS), "gemini")
        health = stage.health()
        assert (health.is_degraded, health.fallbacks, health.version) == (False, 0, "gemini-3.5-flash-lite")


async def test_the_peer_sees_the_loser_go_while_the_winner_still_speaks() -> None:
    async with (peer := GeminiPeer("ok", "late")).serving() as base_url, stage_on(base_url) as stage:
        await turn(stage)
        await soon(peer.asked[1].left)


async def test_a_peer_that_dies_in_mid_visit_is_covered_shown_and_found_again() -> None:
    peer = GeminiPeer()
    async with stage_on("http://127.0.0.1:9", rest_s=0.02) as stage:
        assert stage.health().is_degraded  # away from the start
        room = await turn(stage)
        assert room.endings[0].engine == "improviser"
        assert "gemini rests" in stage.health().last_error
    async with peer.serving() as base_url, stage_on(base_url, hedge_s=5.0, rest_s=0.2) as stage:
        peer.script.extend(["503"] * 4)
        for number in (1, 2):
            assert (await turn(stage, number)).endings[0].engine == "improviser"
        health = stage.health()
        assert (health.is_degraded, health.fallbacks) == (True, 2)
        assert "2 bad turns in a row, last: gemini ended as overload" in health.last_error
        async with asyncio.timeout(5.0):
            while stage.health().is_degraded:
                await asyncio.sleep(0.01)
        assert (await turn(stage, 3)).endings[0].engine == "gemini"


async def test_a_replaced_model_is_heard_and_the_operator_is_told() -> None:
    async with GeminiPeer(default="rerouted").serving() as base_url, stage_on(base_url, hedge_s=5.0) as stage:
        assert (await turn(stage)).endings[0].engine == "gemini"
        health = stage.health()
        assert health.is_degraded
        assert "gemini-3.6-flash answers" in health.last_error


async def test_a_local_model_and_behind_it_the_improviser_are_a_hedge_of_three() -> None:
    google, local = GeminiPeer("ok", default="503"), OpenAiPeer("ok", "ok", "500")
    async with google.serving() as base_url, local.serving() as local_url:
        options = {
            "gemini": {"base_url": base_url, "keep_warm_s": 0},
            "openai_compatible": {"base_url": local_url, "keep_warm_s": 0},
            "hedge": {"order": ["gemini", "fallback"]},
            "fallback": {"order": ["openai_compatible", "improviser"]},
        }
        stage = open_stage({"llm": {"engine": "hedge", "options": options}})
        await stage.warm_up()
        assert [(await turn(stage, number)).endings[0].engine for number in (1, 2)] == [
            "openai_compatible",
            "improviser",
        ]
        await stage.close()


async def test_a_model_alone_that_hangs_is_seen_in_health_although_it_does_not_know() -> None:
    async with GeminiPeer("ok", "slow").serving() as base_url:
        llm = {
            "engine": "gemini",
            "first_token_s": 0.05,
            "options": {"gemini": {"base_url": base_url, "keep_warm_s": 0}},
        }
        stage = open_stage({"llm": llm})
        await stage.warm_up()
        assert (await turn(stage)).endings[0].reason == "timeout"
        assert "ended as timeout" in stage.health().last_error
        await turn(stage, 2)
        assert stage.health().last_error == ""
        await stage.close()
