"""Whole visits through the real session service, in virtual time."""

import asyncio

import pytest

from shared import events as ev
from shared import kiosk_wire as wire
from shared.bus import Output
from shared.streams import StreamId, key
from tests.support.visit_story import (
    assert_it_ended_on_the_second,
    chat,
    chat_to_the_end,
    enrol,
    listen,
    spoken_lines,
    visit,
)
from tests.support.visit_world import World


def test_a_visit_ends_on_the_second_and_everything_is_forgotten() -> None:
    async def story(world: World) -> None:
        await enrol(world)
        await chat_to_the_end(world)
        assert_it_ended_on_the_second(world)
        assert await world.closed_reasons() == ["finished"]
        assert await world.keys_left() == 0
        assert world.kiosk.receipts[-1].keys_left == 0

    visit(story)


def test_the_mirror_crosses_over_once_it_has_face_and_voice() -> None:
    async def story(world: World) -> None:
        await enrol(world)
        await world.line_over("first_self")
        looks = world.page.looks()
        assert [look for look in looks if look != "attract"][:3] == ["consent", "mirror", "mirror"]
        assert "crossing" in looks

    visit(story)


def test_a_no_takes_nothing_and_ends_kindly() -> None:
    async def story(world: World) -> None:
        await world.approach()
        await world.line_over("ask_consent")
        await world.say("declined", 0.5)
        await world.until_over()
        assert not [message for _, message in world.page.received if isinstance(message, wire.Capture)]
        assert await world.closed_reasons() == ["declined"]

    visit(story)


def test_silence_is_not_consent() -> None:
    async def story(world: World) -> None:
        await world.approach()
        await world.until_over()
        assert await world.closed_reasons() == ["declined"]

    visit(story)


def test_a_face_that_is_refused_twice_is_played_veiled() -> None:
    async def story(world: World) -> None:
        world.face_refusal = "too_dark"
        await enrol(world)
        await world.line_over("first_self")
        shown = [event for event in await world.events("control") if isinstance(event, ev.MirrorShown)]
        assert "face_without" in await spoken_lines(world)
        assert shown[-1].is_veiled

    visit(story)


def test_a_model_that_is_away_is_covered_and_the_visit_ends_on_time() -> None:
    async def story(world: World) -> None:
        await enrol(world)
        await world.line_over("first_self")
        world.llm_is_down = True
        await chat_to_the_end(world)
        assert_it_ended_on_the_second(world)

    visit(story)


def test_a_voice_that_is_away_does_not_hold_the_visit_up() -> None:
    async def story(world: World) -> None:
        await enrol(world)
        await world.line_over("first_self")
        world.tts_is_down = True
        await world.until_over()
        assert world.now() - world.began_at < world.play.duration_s + 15
        assert await world.keys_left() == 0

    visit(story)


def test_the_session_service_dies_and_its_successor_goes_on_in_the_same_scene() -> None:
    async def story(world: World) -> None:
        await enrol(world)
        await world.line_over("first_self")
        before = world.kiosk.visit.conductor.view()  # type: ignore[union-attr]
        session = world.session
        await world.crash_house()
        await asyncio.sleep(1.5)
        await world.open_house()
        await asyncio.sleep(1.5)
        assert world.session == session
        after = world.kiosk.visit.conductor.view()  # type: ignore[union-attr]
        assert (after.scene, after.facts) == (before.scene, before.facts)
        await chat_to_the_end(world)
        assert_it_ended_on_the_second(world)
        assert await world.keys_left() == 0

    visit(story)


async def wanted_lines(world: World) -> list[str]:
    return [event.line for event in await world.events("lines") if isinstance(event, ev.LineWanted)]


def test_a_line_that_was_being_said_at_the_crash_is_said_on_and_not_again() -> None:
    async def story(world: World) -> None:
        await world.approach()
        await asyncio.sleep(1.0)
        await world.crash_house()
        await asyncio.sleep(1.2)
        await world.open_house()
        await world.line_over("ask_consent")
        assert await spoken_lines(world) == ["disclose", "ask_consent"]
        assert await wanted_lines(world) == ["disclose", "ask_consent"]
        control = await world.events("control")
        assert not [event for event in control if isinstance(event, ev.EpochAdvanced)], "what is being said became void"

    visit(story)


def test_a_visit_that_lost_its_service_in_the_last_word_ends_as_it_should() -> None:
    async def story(world: World) -> None:
        await enrol(world)
        chatting = asyncio.create_task(chat(world))
        while "bye" not in await wanted_lines(world):
            await asyncio.sleep(0.2)
        await asyncio.sleep(2.0)
        chatting.cancel()
        await world.crash_house()
        await asyncio.sleep(max(0.0, world.began_at + world.play.duration_s + 0.5 - world.now()))
        await world.open_house()
        await world.until_over()
        assert await world.closed_reasons() == ["finished"]
        assert await world.keys_left() == 0

    visit(story)


def test_a_line_that_was_only_asked_for_at_the_crash_is_asked_for_again() -> None:
    async def story(world: World) -> None:
        world.tts_is_down = True
        await world.approach()
        await world.crash_house()
        await asyncio.sleep(1.2)
        await world.open_house()
        await asyncio.sleep(1.5)
        assert (await wanted_lines(world))[:2] == ["disclose", "disclose"]

    visit(story)


def test_what_is_said_while_the_kiosk_is_away_waits_for_it() -> None:
    async def story(world: World) -> None:
        await world.approach()
        await asyncio.sleep(1.0)
        world.connection.cancel()
        await asyncio.sleep(8.0)
        assert await spoken_lines(world) == []
        world.connection = asyncio.create_task(world.page.run())
        await world.line_over("ask_consent")
        assert await spoken_lines(world) == ["disclose", "ask_consent"]

    visit(story)


@pytest.mark.parametrize(("away_s", "goes_on"), [(5.0, True), (60.0, False)])
def test_a_lost_connection_is_forgiven_for_a_while(away_s: float, goes_on: bool) -> None:
    async def story(world: World) -> None:
        await enrol(world)
        await world.line_over("first_self")
        world.connection.cancel()
        await asyncio.sleep(away_s)
        if goes_on:
            world.connection = asyncio.create_task(world.page.run())
            await asyncio.sleep(0.5)
            assert world.page.looks()[-1] in ("crossing", "copy")
        else:
            await world.until_over()
            assert await world.closed_reasons() == ["left"]
            assert await world.keys_left() == 0
            world.connection = asyncio.create_task(world.page.run())
            await asyncio.sleep(0.5)
            assert world.page.looks()[-1] == "attract"

    visit(story)


def test_words_over_the_mirror_stop_it_within_a_quarter_second() -> None:
    async def story(world: World) -> None:
        await listen(world)
        await world.say("tell me something long please", 1.5)
        while not world.kiosk.visit.conductor.turns.is_sounding:  # type: ignore[union-attr]
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        await world.say("no stop wait a moment", 0.8)
        cuts = [event for event in await world.events("control") if isinstance(event, ev.EpochAdvanced)]
        assert [event.reason for event in cuts] == ["barge_in"]

    visit(story)


def test_nobody_is_served_before_every_stage_is_ready() -> None:
    async def story(world: World) -> None:
        world.asr_beats.cancel()
        await asyncio.sleep(3)
        with pytest.raises(Exception, match="asr"):
            world.kiosk.approach()
        assert world.kiosk.visit is None

    visit(story)


def test_bytes_that_are_no_event_hurt_only_themselves_in_the_session_too() -> None:
    async def story(world: World) -> None:
        await enrol(world)
        lease = await world.bus.acquire(world.session, "poison", "nobody", 1e9)
        assert lease
        at = await world.bus.tail(key(world.session, "voice"))
        bad = Output(key(world.session, "voice"), StreamId(at.turn, at.seq + 1), b"\xc1", 9999)
        await world.bus.commit(lease, [bad])
        chatting = asyncio.create_task(chat(world))
        await asyncio.sleep(5.0)
        failed = [event for event in await world.events("dead.session") if isinstance(event, ev.StageFailed)]
        assert [(event.failed_stream, event.failed_turn, event.failed_seq) for event in failed] == [
            ("voice", at.turn, at.seq + 1)
        ]
        await world.until_over()
        chatting.cancel()
        assert await world.closed_reasons() == ["finished"]

    visit(story)
