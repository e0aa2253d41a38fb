"""The session service is killed in each state of a visit: the page comes back to the same scene, and nothing is said twice."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from shared import events as ev
from shared import kiosk_wire as wire
from tests.pipeline.test_visit import LONG_ANSWER, agree, chat, enrol, visit
from tests.support.visit_world import World

AWAY_S = 1.5
"""From the death to the successor: its start, and the rest of the dead one's leases."""
MUST_SAY = ["disclose", "ask_consent", "look", "ask_voice", "first_self", "bye"]


class Ledger:
    """Everything `playback` ever held: the wipe deletes it at the end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.events: dict[tuple[int, int], ev.AnyEvent] = {}

    async def keep(self) -> None:
        while True:
            if self.world.session:
                self.events |= {(event.turn, event.seq): event for event in await self.world.events("playback")}
            await asyncio.sleep(0.1)

    def timed(self, kind: str) -> list[ev.TurnTimed]:
        return [event for event in self.events.values() if isinstance(event, ev.TurnTimed) and event.kind == kind]

    def lines(self) -> list[str]:
        return [event.line.split("#")[0].removesuffix("~again") for event in self.timed("line")]

    def answered(self) -> Counter[int]:
        return Counter(event.utterance for event in self.timed("reply"))


async def dies(world: World, away_s: float = AWAY_S) -> None:
    await world.crash_house()
    await asyncio.sleep(away_s)
    await world.open_house()
    await asyncio.sleep(0.5)


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


async def while_listening(world: World) -> None:
    await enrol(world)
    await world.line_over("first_self")
    await world.quiet()


async def while_thinking(world: World) -> None:
    await while_listening(world)
    world.llm_s = 0.8
    await world.say("it is a long way from here", 1.5)
    await asyncio.sleep(0.2)


async def while_speaking(world: World) -> None:
    await while_listening(world)
    await world.say("it is a long way from here", 1.5)
    await asyncio.sleep(1.5)
    assert world.kiosk.visit
    assert world.kiosk.visit.conductor
    assert world.kiosk.visit.conductor.turns.is_sounding


async def goes_on(world: World) -> None:
    """What the visitor does afterwards, wherever in the visit it happened."""
    said = set(await _lines(world))
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


async def _lines(world: World) -> list[str]:
    timed = [event for event in await world.events("playback") if isinstance(event, ev.TurnTimed)]
    return [event.line for event in timed if event.kind == "line"]


STATES: tuple[Callable[[World], Awaitable[None]], ...] = (
    in_a_line, at_the_gate, before_the_picture, before_the_voice, while_listening, while_thinking, while_speaking,
)  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_the_visit_goes_on_in_its_scene_with_its_time_left_and_nothing_twice(
    state: Callable[[World], Awaitable[None]],
) -> None:
    async def story(world: World) -> None:
        await state(world)
        ledger = Ledger(world)
        keeping = asyncio.create_task(ledger.keep())
        before = scenes(world)[-1]
        await dies(world)
        assert scenes(world)[0] == before, "the same visit, scene, picture and end"
        going_on = asyncio.create_task(goes_on(world))
        await world.until_over()
        for task in (going_on, keeping):
            task.cancel()
        assert await world.closed_reasons() == ["finished"]
        assert world.page.last_sound() - world.began_at == pytest.approx(world.play.duration_s, abs=0.5)
        assert [line for line in ledger.lines() if line in MUST_SAY] == MUST_SAY
        assert max(ledger.answered().values(), default=0) <= 1
        assert await world.keys_left() == 0

    visit(story)


def test_killed_again_and_again_it_still_ends_on_time_with_everything_said_once() -> None:
    async def story(world: World) -> None:
        ledger = Ledger(world)
        keeping = asyncio.create_task(ledger.keep())
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
        chatting = asyncio.create_task(chat(world))
        await world.until_over()
        for task in (chatting, keeping):
            task.cancel()
        assert await world.closed_reasons() == ["finished"]
        assert world.page.last_sound() - world.began_at == pytest.approx(world.play.duration_s, abs=0.5)
        assert [line for line in ledger.lines() if line in MUST_SAY] == MUST_SAY
        assert await world.keys_left() == 0

    visit(story)


def test_what_the_visitor_says_while_it_is_away_is_answered_once_it_is_back() -> None:
    async def story(world: World) -> None:
        await while_listening(world)
        await world.crash_house()
        session = world.left_session
        await world.say("it is a long way from here", 1.0)
        await world.open_house()
        assert world.session == session
        await world.quiet()
        replies = [
            event for event in await world.events("playback") if isinstance(event, ev.TurnTimed) and event.utterance
        ]
        assert [event.utterance for event in replies if event.utterance == world.utterance] == [world.utterance]

    visit(story)
