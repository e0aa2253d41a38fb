"""The session service dies, or the kiosk's line is cut, around the last word: it sounds, whole and once, and then the visit ends."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shared import kiosk_wire as wire
from shared.audio import VOICE_HZ
from tests.support.visit_stages import speech_s
from tests.support.visit_story import LONG_ANSWER, visit
from tests.support.visit_world import World

CHAOS = "../rig/chaos/play"
"""Half a minute."""

LAST_WORD_S = speech_s("I give it back. Goodbye.")
LATE_S = 1.5
"""What it may be late by: no longer than the service was away while it should have been said."""

Harm = Callable[[World, float], Awaitable[None]]


def half_a_minute() -> World:
    return World(CHAOS)


async def talk(world: World) -> None:
    await world.approach()
    await world.line_over("ask")
    await world.say("agreed", 0.6)
    await world.line_over("tell")
    await world.say(LONG_ANSWER, 5.2)
    await world.line_over("ready")


async def until(world: World, before_end_s: float) -> None:
    await asyncio.sleep(world.began_at + world.play.duration_s - before_end_s - world.now())


async def house_dies(world: World, away_s: float) -> None:
    """And its page is the same one afterwards: it has sounded on meanwhile."""
    page, opening_s = world.page, 0.7
    await world.crash_house()
    await asyncio.sleep(away_s - opening_s)
    await world.open_house(page)


async def line_is_cut(world: World, away_s: float) -> None:
    world.connection.cancel()
    await asyncio.sleep(away_s)
    world.connection = asyncio.create_task(world.page.run())


def last_word(world: World) -> tuple[float, float]:
    """How much of it sounded in all its turns, and how late it was over. Seconds."""
    coda_at = world.began_at + world.play.duration_s - LAST_WORD_S - 0.5
    said = [last - first for first, last in world.page.sounded.values() if first > coda_at]
    return sum(said), world.page.last_sound() - world.began_at - world.play.duration_s


@pytest.mark.parametrize(
    ("what", "before_end_s", "away_s"),
    [
        *((house_dies, before_end_s, 1.5) for before_end_s in (3.0, 2.8, 2.0, 0.3)),
        *((house_dies, before_end_s, 2.2) for before_end_s in (3.2, 2.8)),
        *((line_is_cut, before_end_s, 2.0) for before_end_s in (2.9, 2.0)),
    ],
)
def test_the_last_word_sounds_whole_and_once(what: Harm, before_end_s: float, away_s: float) -> None:
    async def story(world: World) -> None:
        await talk(world)
        await until(world, before_end_s)
        await what(world, away_s)
        await world.until_over()
        seconds, late_s = last_word(world)
        assert world.page.played == round(LAST_WORD_S * VOICE_HZ)
        assert seconds == pytest.approx(LAST_WORD_S, abs=0.15)
        assert -0.1 < late_s < LATE_S
        assert await world.closed_reasons() == ["finished"]
        assert await world.keys_left() == 0

    visit(story, half_a_minute)


def test_an_operators_stop_lets_no_last_word_come_to_its_end() -> None:
    async def story(world: World) -> None:
        await talk(world)
        await until(world, 0.5 * LAST_WORD_S)
        world.kiosk.end("operator")
        await world.until_over()
        seconds, _ = last_word(world)
        assert seconds < 0.7 * LAST_WORD_S

    visit(story, half_a_minute)


def test_a_service_that_comes_back_in_the_farewell_does_not_open_the_ear_again() -> None:
    async def story(world: World) -> None:
        await talk(world)
        await until(world, LAST_WORD_S + 0.5)
        page = world.page
        shown = len(page.received)
        await house_dies(world, 1.5)
        await world.until_over()
        told = [message for _, message in page.received[shown:] if isinstance(message, wire.Listening)]
        assert told
        assert not any(message.is_open for message in told)

    visit(story, half_a_minute)
