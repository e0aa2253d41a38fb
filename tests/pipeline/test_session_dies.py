"""The session service is killed in each state of a visit: the page comes back to the same scene, and nothing is said twice."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.session import director
from shared import kiosk_wire as wire
from tests.support.visit_story import (
    LONG_ANSWER,
    agree,
    assert_it_ended_as_written,
    chat,
    chat_to_the_end,
    dies,
    ledger_of,
    listen,
    spoken_lines,
    timed,
    visit,
)
from tests.support.visit_world import World


def scenes(world: World) -> list[wire.Scene]:
    """What the page was shown of this visit."""
    return [
        message
        for _, message in world.page.received
        if isinstance(message, wire.Scene) and message.session == world.session
    ]


async def in_a_line(world: World) -> None:
    await world.approach()
    await asyncio.sleep(2.0)


async def at_the_gate(world: World) -> None:
    await world.approach()
    await world.line_over("ask_consent")


async def before_the_picture(world: World) -> None:
    await agree(world)
    world.page.shows_nothing = True
    await world.line_over("look")


async def before_the_voice(world: World) -> None:
    await agree(world)
    await world.line_over("ask_voice")


async def while_thinking(world: World) -> None:
    await listen(world)
    world.llm_s = 0.8
    await world.say("it is a long way from here", 1.5)
    await asyncio.sleep(0.2)


async def while_speaking(world: World) -> None:
    await listen(world)
    await world.say("it is a long way from here", 1.5)
    await asyncio.sleep(1.5)
    assert world.kiosk.visit
    assert world.kiosk.visit.conductor
    assert world.kiosk.visit.conductor.turns.is_sounding


async def goes_on(world: World) -> None:
    """What the visitor does afterwards, wherever in the visit it happened."""
    said = set(await spoken_lines(world))
    if "ask_consent" not in said:
        await world.line_over("ask_consent")
    if "look" not in said:
        await world.say("agreed", 0.6)
    if "ask_voice" not in said:
        await world.line_over("ask_voice")
    if "first_self" not in said:
        await world.say(LONG_ANSWER, 6.0)
        await world.line_over("first_self")
    await chat(world)


STATES: tuple[Callable[[World], Awaitable[None]], ...] = (
    in_a_line, at_the_gate, before_the_picture, before_the_voice, listen, while_thinking, while_speaking,
)  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_the_visit_goes_on_in_its_scene_with_its_time_left_and_nothing_twice(
    state: Callable[[World], Awaitable[None]],
) -> None:
    async def story(world: World) -> None:
        await state(world)
        async with ledger_of(world) as ledger:
            before = scenes(world)[-1]
            await dies(world)
            assert scenes(world)[0] == before, "the same visit, scene, picture and end"
            going_on = asyncio.create_task(goes_on(world))
            await world.until_over()
            going_on.cancel()
        await assert_it_ended_as_written(world, ledger)

    visit(story)


def test_killed_again_and_again_it_still_ends_on_time_with_everything_said_once() -> None:
    async def story(world: World) -> None:
        async with ledger_of(world) as ledger:
            await world.approach()
            for line in ("disclose", "ask_consent"):
                await world.line_over(line)
                await dies(world)
            await world.say("agreed", 0.6)
            await world.line_over("ask_voice")
            await dies(world)
            await world.say(LONG_ANSWER, 6.0)
            await world.line_over("first_self")
            await dies(world)
            await chat_to_the_end(world)
        await assert_it_ended_as_written(world, ledger)

    visit(story)


def test_what_the_visitor_says_while_it_is_away_is_answered_once_it_is_back() -> None:
    async def story(world: World) -> None:
        await listen(world)
        await world.crash_house()
        session = world.left_session
        await world.say("it is a long way from here", 1.0)
        await world.open_house()
        assert world.session == session
        await world.quiet()
        answered = [event.utterance for event in await timed(world) if event.utterance]
        assert answered.count(world.utterance) == 1

    visit(story)


def test_a_line_that_ended_while_it_was_away_for_long_is_not_said_again_then_or_minutes_later() -> None:
    async def story(world: World) -> None:
        async with ledger_of(world) as ledger:
            await agree(world)
            await world.line_over("ask_voice")
            await world.say(LONG_ANSWER, 6.0)
            await the_copy_speaks(world)
            await dies(world, 15.0)  # longer than the line is waited for
            await asyncio.sleep(10)
            await dies(world)
            await chat_to_the_end(world)
        await assert_it_ended_as_written(world, ledger)

    visit(story)


async def the_copy_speaks(world: World) -> None:
    while True:
        conductor = world.kiosk.visit.conductor if world.kiosk.visit else None
        if conductor and director.waits_for(conductor._state, "first_self") and conductor.turns.is_sounding:
            return
        await asyncio.sleep(0.05)
