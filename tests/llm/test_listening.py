"""What a visitor meant: by words, and by a model where words are unsure. In virtual time."""

import asyncio
import json
from typing import Any

import pytest

from services.llm.config import LlmConfig
from services.llm.listening import Listening
from services.llm.signals import Reading
from services.llm.stage import LlmStage, open_stage
from services.llm.understanding import Question
from shared.errors import ConfigError, EngineFailed
from shared.events import EpochAdvanced, SignalSpec
from tests.support.llm_peers import asking, gemini, openai, with_keys
from tests.support.llm_room import Room, request
from tests.support.virtual_time import run_virtual

TOLD = SignalSpec(name="told", means="They name a fear.", examples=("I am afraid of being alone",))
LEFT = SignalSpec(name="left", means="They speak of going away.", examples=("I should leave",))
NAME = SignalSpec(name="gave_name", means="They say their name.", examples=("my name is",))
CONSENT = (SignalSpec(name="agreed", means="yes"), SignalSpec(name="declined", means="no"))
UNSURE = "At night the walls come closer, and I count them."


class Oracle:
    def __init__(self, *answers: Any, takes_s: float = 0.0) -> None:
        self.answers, self.takes_s = list(answers), takes_s
        self.asked: list[Question] = []
        self.freed = 0

    async def choose(self, question: Question) -> str:
        self.asked.append(question)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.freed += 1
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, str) else json.dumps(answer)


def meaning(signal: str, words: str = "", outside: str = "none") -> dict[str, str]:
    return {"signal": signal, "words": words, "outside": outside}


def read(oracle: Oracle, said: str = UNSURE, *signals: SignalSpec, times: int = 1) -> tuple[list[Reading], Listening]:
    listening = Listening(oracle, 0.8)

    async def go() -> list[Reading]:
        one = request(said, signals=signals or (TOLD, LEFT))
        return [await listening.read(one, asyncio.Event()) for _ in range(times)]

    return run_virtual(go()), listening


def test_where_words_are_unsure_the_model_decides() -> None:
    oracle = Oracle(meaning("told", "the walls come closer"))
    [reading], _ = read(oracle)
    assert reading == Reading(name="told", captured="the walls come closer", certainty=0.8)
    assert oracle.asked[0].schema["properties"]["signal"]["enum"] == ["told", "left", "none"]
    assert oracle.asked[0].said == UNSURE
    assert UNSURE not in oracle.asked[0].instruction


def test_where_words_are_sure_nobody_is_asked() -> None:
    oracle = Oracle()
    [reading], _ = read(oracle, "I am afraid of being alone.")
    assert (reading.name, oracle.asked) == ("told", [])


@pytest.mark.parametrize("said", ["Yes.", "No.", "I'm not sure about that at all."])
def test_consent_is_never_the_models_to_read(said: str) -> None:
    oracle = Oracle(meaning("agreed"))
    [reading], _ = read(oracle, said, *CONSENT)
    assert oracle.asked == []
    [reading], _ = read(oracle, UNSURE, *CONSENT, TOLD)
    assert "agreed" not in oracle.asked[0].schema["properties"]["signal"]["enum"]
    assert reading.name == ""


def test_danger_is_not_weighed() -> None:
    oracle = Oracle(meaning("told"))
    [reading], _ = read(oracle, "I want to kill myself.")
    assert (reading.other, oracle.asked) == ("unsafe", [])


def test_a_name_is_one_only_if_the_words_say_so() -> None:
    oracle = Oracle(meaning("gave_name", "Walls"))
    [reading], _ = read(oracle, UNSURE, NAME, TOLD)
    assert reading.name == ""


def test_what_is_captured_are_the_visitors_own_words() -> None:
    [reading], _ = read(Oracle(meaning("told", "claustrophobia")))
    assert reading.name == "told"
    assert reading.captured.lower() in UNSURE.lower()


def test_what_lies_outside_the_scene_may_be_found_by_the_model() -> None:
    [reading], _ = read(Oracle(meaning("none", outside="second_person")))
    assert (reading.name, reading.other) == ("", "second_person")


@pytest.mark.parametrize(
    "answer", ["", "yes", "{", '{"signal": 5}', EngineFailed("gemini: 503"), meaning("oracle"), {"outside": "refusal"}]
)
def test_an_answer_that_is_none_leaves_the_words(answer: Any) -> None:
    [reading], _ = read(Oracle(answer))
    [by_words], _ = read(Oracle(meaning("none")), UNSURE, *CONSENT)
    assert reading == by_words


def test_a_late_answer_is_not_waited_for_and_its_connection_is_freed() -> None:
    oracle = Oracle(meaning("told"), takes_s=5.0)
    [reading], _ = read(oracle)
    assert (reading.name, oracle.freed) == ("", 1)


def test_a_listener_that_keeps_failing_rests_and_the_operator_is_told() -> None:
    oracle = Oracle(*(EngineFailed("gemini: 503") for _ in range(3)))
    _, listening = read(oracle, times=5)
    assert len(oracle.asked) == 3
    assert "by words alone: 3 bad turns in a row, last: gemini: 503" in listening.trouble


# --- in the stage ---------------------------------------------------------------------------------------------------------


def stage_with(oracle: Oracle, **options: Any) -> LlmStage:
    stage = open_stage({"llm": {"engine": "scripted", "options": {"scripted": options}}})
    stage.listening = Listening(oracle, 0.8)
    return stage


def test_the_reply_does_not_wait_for_the_listener() -> None:
    stage, room = stage_with(Oracle(meaning("told", "the walls"), takes_s=0.5)), Room()

    async def go() -> None:
        worker = stage.open_visit(room.visit())
        await worker.start()
        await worker.handle(request(UNSURE, signals=(TOLD,)))

    run_virtual(go())
    assert [type(event).__name__ for event in room.published][-1] == "SignalHeard"
    assert [round(clause.engine_s, 1) for clause in room.clauses] == [0.0, 0.0]
    assert [(signal.name, signal.captured, round(signal.engine_s, 1)) for signal in room.signals] == [
        ("told", "the walls", 0.5)
    ]


def test_a_request_that_became_void_is_not_held_up_by_the_listener() -> None:
    stage = stage_with(Oracle(meaning("told"), takes_s=0.7), replies=[[{"wait_s": 3.0, "text": "Late."}]])
    room = Room()

    async def go() -> float:
        worker = stage.open_visit(room.visit())
        await worker.start()
        work = asyncio.create_task(worker.handle(request(UNSURE, signals=(TOLD,))))
        await asyncio.sleep(0.1)
        worker.overhear(EpochAdvanced(epoch=1))
        started = asyncio.get_running_loop().time()
        work.cancel()
        await asyncio.wait({work})
        return asyncio.get_running_loop().time() - started

    assert run_virtual(go()) == 0.0
    assert len(room.signals) == 1


def test_an_engine_that_cannot_be_asked_is_no_listener() -> None:
    with pytest.raises(ConfigError, match="cannot answer a closed question"):
        open_stage({"llm": {"listener": "improviser"}})


# --- at the peers ---------------------------------------------------------------------------------------------------------

QUESTION = Question(
    instruction="Decide.",
    said=UNSURE,
    schema={"type": "object", "properties": {"signal": {"type": "string", "enum": ["told", "none"]}}},
)


async def test_gemini_is_asked_in_a_schema_and_declines_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("google.genai", reason="google-genai is not installed")
    with_keys(monkeypatch)
    async with asking(peer := gemini.GeminiPeer()) as model:
        assert json.loads(await model.choose(QUESTION)) == {"signal": "told"}  # type: ignore[attr-defined]
        peer.script.append("503")
        with pytest.raises(EngineFailed, match="503 UNAVAILABLE"):
            await model.choose(QUESTION)  # type: ignore[attr-defined]
    sent = peer.asked[0]
    assert sent.path.endswith(":generateContent")
    assert sent.json["store"] is False
    assert sent.json["generationConfig"]["responseJsonSchema"] == QUESTION.schema


async def test_a_compatible_server_is_asked_in_a_strict_schema() -> None:
    pytest.importorskip("httpx2", reason="httpx2 is not installed")
    async with asking(peer := openai.OpenAiPeer(), model=openai.MODEL) as model:
        assert json.loads(await model.choose(QUESTION)) == {"signal": "told"}  # type: ignore[attr-defined]
        peer.script.append("500")
        with pytest.raises(EngineFailed, match="500"):
            await model.choose(QUESTION)  # type: ignore[attr-defined]
    assert peer.asked[0].json["response_format"]["json_schema"]["schema"] == QUESTION.schema


async def test_a_stage_with_a_listener_warms_it_and_goes_without_one_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("google.genai", reason="google-genai is not installed")
    with_keys(monkeypatch)
    async with gemini.GeminiPeer("503").serving() as base_url:
        config = LlmConfig(listener="gemini", options={"gemini": {"base_url": base_url}})
        stage = open_stage({"llm": {"listener": config.listener, "options": config.options}})
        assert (await stage.warm_up()).engine == "improviser"
        await stage.close()
