"""The small pure parts behind the engines that ask a peer."""

import asyncio

import pytest

from services.llm.breaker import LONGEST_REST_S, Breaker
from services.llm.config import LlmConfig
from services.llm.engines import ENGINES
from services.llm.gemini_models import Thinking, is_same_model, lowest_thinking
from services.llm.keep_warm import KeepWarm
from services.llm.thoughts import ThoughtFilter
from tests.support.virtual_time import run_virtual


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("gemini-3.5-flash-lite", Thinking(level="MINIMAL")), ("models/gemini-3.5-flash-lite", Thinking(level="MINIMAL")),
        ("gemini-3-flash-preview", Thinking(level="MINIMAL")), ("gemini-3.1-flash-lite", Thinking(level="MINIMAL")),
        ("gemini-3.6-flash", Thinking(level="MINIMAL")), ("gemini-3.7-flash", Thinking(level="LOW")),
        ("gemini-3.8-flash", Thinking(level="LOW")), ("gemini-3.1-pro", Thinking(level="LOW")),
        ("gemini-4-argon", Thinking(level="LOW")), ("gemini-2.5-flash", Thinking(budget_tokens=0)),
        ("gemini-2.5-pro", Thinking(budget_tokens=128)), ("gemini-2.0-flash", Thinking()), ("gemma-4-e4b-it", Thinking()),
    ],
)  # fmt: skip
def test_every_family_has_a_least_thinking_of_its_own(model: str, thinking: Thinking) -> None:
    assert lowest_thinking(model) == thinking


@pytest.mark.parametrize(
    ("asked", "answered", "is_same"),
    [
        ("gemini-3.5-flash-lite", "gemini-3.5-flash-lite", True), ("gemini-3.5-flash-lite", "gemini-3.5-flash-lite-001", True),
        ("gemini-3.5-flash-lite", "models/gemini-3.5-flash-lite", True), ("gemini-3.5-flash", "gemini-3.5-flash-lite", False),
        ("gemini-3.5-flash", "gemini-3.6-flash", False), ("gemini-flash-lite-latest", "gemini-3.5-flash-lite", True),
        ("gemini-3.5-flash-lite", "", True),
    ],
)  # fmt: skip
def test_a_build_of_the_same_model_is_the_same_and_another_model_is_not(
    asked: str, answered: str, is_same: bool
) -> None:
    assert is_same_model(asked, answered) is is_same


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<think>They are afraid.</think>\n\nI heard you.", "I heard you."), ("I heard you.", "I heard you."),
        ("<think></think>I heard.", "I heard."), ("<b> is what I heard.", "<b> is what I heard."),
        ("Say <think>it</think> again.", "Say <think>it</think> again."), ("<think>never ends", ""), ("<th", "<th"),
        ("<|channel>thought\nAfraid.<channel|>I heard you.", "I heard you."), ("<|channel>thought", ""),
    ],
)  # fmt: skip
def test_thoughts_at_the_beginning_are_dropped_however_the_text_is_cut(text: str, said: str) -> None:
    for size in (1, 3, len(text)):
        thoughts = ThoughtFilter()
        heard = "".join(thoughts.push(text[at : at + size]) for at in range(0, len(text), size)) + thoughts.finish()
        assert heard == said


def test_a_breaker_opens_after_bad_turns_in_a_row_and_rests_longer_each_time() -> None:
    breaker = Breaker(bad_turns=2, rest_s=20.0)
    breaker.bad("late")
    breaker.good()
    breaker.bad("late")
    assert not breaker.is_open
    breaker.bad("cut")
    assert breaker.is_open
    rests = []
    for _ in range(6):
        rests.append(breaker.rest_s)
        breaker.probe_failed("still cut")
    assert rests == [20.0, 40.0, 80.0, 160.0, LONGEST_REST_S, LONGEST_REST_S]
    breaker.good()
    assert (breaker.is_open, breaker.rest_s) == (False, 20.0)


def test_a_server_that_asks_for_peace_gets_at_least_that() -> None:
    breaker = Breaker(bad_turns=2, rest_s=20.0)
    breaker.trip("rate", 36.0)
    assert (breaker.is_open, breaker.rest_s) == (True, 36.0)
    breaker.trip("rate", 1e6)
    assert breaker.rest_s == LONGEST_REST_S


def test_a_peer_is_only_troubled_after_it_was_idle() -> None:
    pings: list[float] = []

    async def go() -> None:
        now = asyncio.get_running_loop().time
        started = now()

        async def ping() -> None:
            pings.append(round(now() - started, 1))

        keep = KeepWarm(ping, 20.0)
        keep.start()
        keep.start()
        await asyncio.sleep(15)
        keep.touch()
        await asyncio.sleep(45)
        await keep.stop()
        await keep.stop()

    run_virtual(go())
    assert pings == [35.0, 55.0]


@pytest.mark.parametrize(
    ("engine", "options", "names"),
    [
        ("improviser", {}, ("improviser",)), ("gemini", {}, ("gemini",)), ("hedge", {}, ("gemini", "improviser")),
        ("fallback", {"fallback": {"order": ["gemini", "improviser"]}}, ("gemini", "improviser")),
        (
            "hedge",
            {"hedge": {"order": ["gemini", "fallback"]}, "fallback": {"order": ["openai_compatible", "improviser"]}},
            ("gemini", "openai_compatible", "improviser"),
        ),
    ],
)  # fmt: skip
def test_who_speaks_behind_an_engine_is_known_from_the_settings(
    engine: str, options: dict[str, dict[str, object]], names: tuple[str, ...]
) -> None:
    assert ENGINES.members(LlmConfig(engine=engine, options=options)) == names
