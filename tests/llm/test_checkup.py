"""Is the model ready tonight? And what does it take? Against local peers."""

import asyncio
from typing import Any

import pytest

pytest.importorskip("google.genai", reason="google-genai is not installed")

from services.llm.benchmark import run_benchmark
from services.llm.checkup import run_checkup
from shared.benchmark import Benchmark
from shared.checkup import Finding
from shared.errors import BadInput
from tests.peers.gemini import KEY, GeminiPeer
from tests.peers.openai import OpenAiPeer
from tests.support.llm_peers import with_keys


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch)


def quiet(share: float, what: str) -> None:
    assert 0.0 <= share <= 1.0


async def findings(**llm: Any) -> dict[str, Finding]:
    found = await asyncio.to_thread(lambda: list(run_checkup({"llm": llm}, quiet)))
    assert all(one.cure for one in found if one.state != "right")
    assert KEY not in str(found)
    return {one.check: one for one in found}


async def test_gemini_is_asked_ten_times_and_says_which_model_answered() -> None:
    async with (peer := GeminiPeer()).serving() as base_url:
        found = await findings(engine="hedge", options={"gemini": {"base_url": base_url}})
    assert {name: one.state for name, one in found.items()} == {
        "llm gemini": "right", "llm gemini model": "right", "llm improviser": "right"
    }  # fmt: skip
    assert found["llm gemini"].figures["calls"] == 10.0
    assert found["llm gemini"].figures["first_token_p50_ms"] > 0
    assert found["llm gemini model"].found == "gemini-3.5-flash-lite"
    assert len(peer.asked) == 11


async def test_another_model_than_asked_is_named_with_what_to_do() -> None:
    async with GeminiPeer(default="rerouted").serving() as base_url:
        found = await findings(engine="gemini", options={"gemini": {"base_url": base_url}})
    assert found["llm gemini model"].state == "missing"
    assert "gemini-3.6-flash answers" in found["llm gemini model"].found
    assert "model to one that still exists" in found["llm gemini model"].cure


async def test_an_engine_that_is_away_is_missing_while_another_can_speak_and_wrong_if_none_can() -> None:
    options = {"gemini": {"base_url": "http://127.0.0.1:9"}}
    hedged = await findings(engine="hedge", options=options)
    assert (hedged["llm gemini"].state, hedged["llm improviser"].state) == ("missing", "right")
    alone = await findings(engine="gemini", options=options)
    assert alone["llm gemini"].state == "wrong"
    assert alone["llm gemini"].cure == "see that the peer runs, and at this address"


async def test_a_wrong_key_and_no_key_say_where_to_put_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with GeminiPeer(key="another").serving() as base_url:
        found = await findings(engine="gemini", options={"gemini": {"base_url": base_url}})
    assert "API key not valid" in found["llm gemini"].found
    assert ".env.example" in found["llm gemini"].cure
    monkeypatch.delenv("GEMINI_API_KEY")
    found = await findings(engine="gemini")
    assert "no key" in found["llm gemini"].found


async def test_a_peer_that_fails_again_and_again_is_not_asked_ten_times() -> None:
    async with (peer := GeminiPeer("ok", default="429")).serving() as base_url:
        found = await findings(engine="gemini", options={"gemini": {"base_url": base_url}})
    assert (found["llm gemini"].state, len(peer.asked)) == ("wrong", 4)
    assert "quota" in found["llm gemini"].cure


async def test_the_bench_compares_every_model_that_can_be_reached_and_prices_the_clients() -> None:
    async with GeminiPeer().serving() as google, OpenAiPeer().serving() as local:
        llm = {"options": {"gemini": {"base_url": google}, "openai_compatible": {"base_url": local}}}
        found = await asyncio.to_thread(run_benchmark, {"llm": llm}, {"quick": "1"}, quiet)
    assert isinstance(found, Benchmark)
    cost, models = found.tables
    assert all(len(row) == len(table.columns) for table in found.tables for row in table.rows)
    assert [row[0] for row in cost.rows] == ["gemini", "gemini", "openai_compatible", "openai_compatible"]
    assert found.figures["gemini.12_turns.overhead_p50_ms"] < found.figures["gemini.12_turns.first_clause_p50_ms"]
    assert {(row[0], row[1]) for row in models.rows} == {
        (name, language) for name in ("gemini", "openai_compatible", "improviser") for language in ("en", "nl")
    }
    rates = {row[0]: row[models.columns.index("tokens/s")] for row in models.rows}
    assert isinstance(rates["gemini"], float)
    assert isinstance(rates["openai_compatible"], float)
    assert rates["improviser"] is None
    assert found.notes == ()


async def test_a_model_that_cannot_be_reached_is_a_note_and_not_the_end(tmp_path: Any) -> None:
    (tmp_path / "turns.txt").write_text("I am afraid.\n\nOf the dark.\n")
    options = {name: {"base_url": "http://127.0.0.1:9"} for name in ("gemini", "openai_compatible")}
    inputs = {"quick": "1", "input": str(tmp_path / "turns.txt")}
    found = await asyncio.to_thread(run_benchmark, {"llm": {"options": options}}, inputs, quiet)
    assert [row[:4] for row in found.tables[1].rows] == [("improviser", "en", "", 2.0)]
    assert [note.split(":")[0] for note in found.notes] == ["gemini", "openai_compatible"]


def test_turns_that_are_not_there_are_refused() -> None:
    with pytest.raises(BadInput, match="no file"):
        run_benchmark({"llm": {}}, {"input": "missing.txt"}, quiet)
