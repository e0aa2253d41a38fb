"""Requests in; clauses, endings and signals out. In virtual time."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, get_args

import pytest

from services.llm.chat_model import REPLY_REASON, Delta, Ending, Piece, Prompt
from services.llm.config import LlmConfig
from services.llm.engines.scripted import Beat, Options, Scripted
from services.llm.stage import LlmStage, open_stage
from shared.errors import ConfigError
from shared.events import EpochAdvanced, ReplyClause, SignalHeard, SignalSpec, TurnDiscarded
from tests.support.llm_room import SCENE, Room, request
from tests.support.virtual_time import run_virtual

CONFIG = LlmConfig(first_token_s=1.2, inter_token_s=0.7, total_s=4.0)
TOLD = (SignalSpec(name="told", means="names a fear", examples=("I am afraid of being alone",)),)


def stage_of(*beats: Beat, **options: Any) -> tuple[LlmStage, Scripted]:
    model = Scripted(Options(replies=(beats,), **options))
    return LlmStage(model, CONFIG), model


def answered(stage: LlmStage, *requests: Any, room: Room | None = None) -> Room:
    room = room or Room()

    async def go() -> None:
        worker = stage.open_visit(room.visit())
        await worker.start()
        for one in requests:
            await worker.handle(one)

    run_virtual(go())
    return room


def test_a_reply_is_said_clause_by_clause_and_then_ended() -> None:
    stage, _ = stage_of(
        Beat(text="You said you are afraid of it, and"), Beat(text=" I heard. "), Beat(text="Go on then, please.")
    )
    room = answered(stage, request())
    assert [(c.index, c.seq, c.text) for c in room.clauses] == [
        (0, 1, "You said you are afraid of it,"), (1, 2, "and I heard."), (2, 3, "Go on then, please."),
    ]  # fmt: skip
    assert [(e.clauses, e.reason, e.engine, e.seq) for e in room.endings] == [(3, "done", "scripted", 999)]


def test_ids_depend_on_the_guess_and_not_on_how_far_it_came() -> None:
    stage, _ = stage_of(Beat(text="I heard you the first time."))
    room = answered(stage, request(rev=2))
    assert [(e.turn, e.seq) for e in room.published if e.stream == "reply"] == [(1, 2001), (1, 2999)]
    assert [s.seq for s in room.signals] == [3]


def test_a_model_that_need_not_wait_has_its_clause_out_before_the_signals_are_read() -> None:
    stage, _ = stage_of(Beat(text="I heard you the first time."))
    room = answered(stage, request(signals=TOLD))
    assert isinstance(room.published[0], ReplyClause)


def test_the_signals_are_read_while_a_model_far_away_thinks() -> None:
    stage, _ = stage_of(Beat(wait_s=0.5, text="I heard you the first time."))
    room = answered(stage, request(signals=TOLD))
    assert isinstance(room.published[0], SignalHeard)


def test_a_clause_leaves_before_the_model_is_done() -> None:
    stage, _ = stage_of(Beat(text="You said you are afraid of it, "), Beat(wait_s=0.5, text="and I heard."))
    room = answered(stage, request())
    assert [round(c.engine_s, 1) for c in room.clauses] == [0.0, 0.5]


def test_signals_do_not_wait_for_the_reply() -> None:
    stage, _ = stage_of(Beat(wait_s=1.0, text="I heard every word of it."))
    room = answered(stage, request("I am afraid of the dark.", signals=TOLD))
    assert [type(event).__name__ for event in room.published] == ["SignalHeard", "ReplyClause", "ReplyEnded"]
    assert [(s.name, s.captured, s.engine_s) for s in room.signals] == [("told", "the dark", 0.0)]


def test_a_request_without_a_reply_is_only_listened_to() -> None:
    stage, model = stage_of(Beat(text="Never said."))
    room = answered(stage, request(wants_reply=False, signals=TOLD))
    assert [type(event).__name__ for event in room.published] == ["SignalHeard"]
    assert model.begun == 0


@pytest.mark.parametrize(
    ("beats", "options", "text", "reason"),
    [
        ((Beat(wait_s=9.0, text="Too late."),), {}, "", "timeout"),
        ((Beat(text="I have been waiting for you, and "), Beat(wait_s=9.0)), {}, "I have been waiting for you,", "timeout"),
        (tuple(Beat(wait_s=0.6, text="Still going on. ") for _ in range(20)), {}, None, "timeout"),
        ((), {}, "", "empty"),
        ((Beat(text="I have been waiting. You"),), {"breaks": True}, "I have been waiting.", "failed"),
        ((), {"ending": "blocked_prompt"}, "", "blocked"),
        ((), {"ending": "rate"}, "", "failed"),
        ((Beat(text="I will kill you now, my dear. "),), {}, "", "blocked"),
        ((Beat(text="One more of us is here now. " * 12),), {}, None, "too_long"),
    ],
)  # fmt: skip
def test_a_reply_always_ends_and_says_how(
    beats: tuple[Beat, ...], options: dict[str, Any], text: str | None, reason: str
) -> None:
    stage, model = stage_of(*beats, **options)
    room = answered(stage, request())
    assert [e.reason for e in room.endings] == [reason]
    assert room.endings[0].clauses == len(room.clauses)
    assert text is None or room.text == text
    assert model.freed == model.begun


def test_the_whole_reply_has_a_deadline() -> None:
    stage, _ = stage_of(*(Beat(wait_s=0.6, text="Still going on here. ") for _ in range(20)))
    room = answered(stage, request())
    assert max(c.engine_s for c in room.clauses) <= CONFIG.total_s


def test_a_request_that_became_void_frees_the_model_and_still_ends() -> None:
    stage, model = stage_of(Beat(text="You said you are afraid of it, "), Beat(wait_s=0.6, text="and I heard."))
    for control in (EpochAdvanced(epoch=1), TurnDiscarded(discarded_turn=1, discarded_rev=0)):
        room = Room()

        async def go(room: Room = room, control: Any = control) -> None:
            worker = stage.open_visit(room.visit())
            await worker.start()
            work = asyncio.create_task(worker.handle(request()))
            await asyncio.sleep(0.3)
            worker.overhear(control)
            work.cancel()
            await asyncio.wait({work})
            assert work.cancelled()

        run_virtual(go())
        assert [(e.clauses, e.reason) for e in room.endings] == [(1, "cancelled")]
        assert model.freed == model.begun


def test_a_worker_that_is_stopped_leaves_the_reply_open_for_its_successor() -> None:
    stage, _ = stage_of(Beat(text="You said you are afraid of it, "), Beat(wait_s=0.6, text="and I heard."))
    room = Room()

    async def go() -> None:
        worker = stage.open_visit(room.visit())
        await worker.start()
        work = asyncio.create_task(worker.handle(request()))
        await asyncio.sleep(0.3)
        work.cancel()
        await asyncio.wait({work})

    run_virtual(go())
    assert room.endings == []
    answered(stage, request(), room=room)
    assert room.text == "You said you are afraid of it, and I heard."
    assert [e.reason for e in room.endings] == ["done"]
    assert len(room.signals) == 1


def test_after_a_crash_a_deterministic_model_says_nothing_twice() -> None:
    stage, _ = stage_of(Beat(text="You said you are afraid of it, and I heard."))
    room = answered(stage, request())
    before = list(room.published)
    answered(stage, request(), room=room)
    assert room.published == before


def test_after_a_crash_another_model_closes_the_reply_at_its_last_clause() -> None:
    stage, model = stage_of(Beat(text="You said you are afraid of it, and I heard."), is_deterministic=False)
    room = answered(stage, request())
    room.streams["reply"].pop()
    answered(stage, request(), room=room)
    assert model.begun == 1
    assert [(e.clauses, e.reason) for e in room.endings][-1] == (2, "failed")


def test_a_model_may_not_be_heard_without_the_gate() -> None:
    stage, _ = stage_of(Beat(text="I know that your name is Xiomara, dear."))
    room = answered(stage, request("My name is Xiomara."))
    assert room.clauses == []
    assert [e.reason for e in room.endings] == ["blocked"]


def test_the_voice_is_that_of_the_scenes_speaker() -> None:
    stage, _ = stage_of(Beat(text="Good. A little more, please."))
    host = type(SCENE)(scene="a", goal="", persona="", speaker="host")
    assert {c.voice for c in answered(stage, request(prompt=host)).clauses} == {"host"}


def test_an_engines_own_mistake_is_the_runners_to_report() -> None:
    class Broken(Scripted):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
            raise ZeroDivisionError
            yield Delta(text="")

    stage = LlmStage(Broken(Options()), CONFIG)
    with pytest.raises(ZeroDivisionError):
        answered(stage, request())


def test_the_stage_says_which_engine_is_warm() -> None:
    async def go() -> None:
        stage = open_stage({"llm": {}})
        health = await stage.warm_up()
        assert (health.engine, health.device, health.is_degraded, health.fallbacks) == ("improviser", "cpu", False, 0)
        await stage.close()

    run_virtual(go())


def test_the_embedded_engine_answers_a_visitor_in_both_languages() -> None:
    async def warm() -> LlmStage:
        stage = open_stage({"llm": {}})
        await stage.warm_up()
        return stage

    stage = run_virtual(warm())
    for language, said in (("en", "I am afraid of the dark."), ("nl", "Ik ben bang voor het donker.")):
        room = answered(stage, request(said, language=language))
        assert room.clauses
        assert {c.language for c in room.clauses} == {language}
        assert [e.reason for e in room.endings] == ["done"]


def test_a_language_without_lines_ends_as_failed() -> None:
    async def warm() -> LlmStage:
        stage = open_stage({"llm": {}})
        await stage.warm_up()
        return stage

    room = answered(run_virtual(warm()), request("Bonjour.", language="fr"))
    assert [(e.clauses, e.reason) for e in room.endings] == [(0, "failed")]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"engine": "improvizer"}, "did you mean 'improviser'"),
        ({"first_token": 1}, "did you mean 'first_token_s'"),
        ({"options": {"improviser": {"lines": "x"}}}, "options.improviser"),
        ({"engine": "fallback", "options": {"fallback": {"order": ["improviser", "gpt"]}}}, "gpt"),
        ({"engine": "fallback", "options": {"fallback": {"order": "gemini"}}}, "order"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_right(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        open_stage({"llm": settings})


def test_every_ending_has_a_reason() -> None:
    assert set(get_args(Ending)) == set(REPLY_REASON)
