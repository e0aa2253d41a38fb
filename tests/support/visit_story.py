"""What a visitor of the world in `visit_world` does, what is remembered of the visit, and how it should have ended."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from shared import events as ev
from tests.support.virtual_time import run_virtual
from tests.support.visit_world import World

LONG_ANSWER = "this morning I walked along the water and then I took the train to come here and see it"
MUST_SAY = ["disclose", "ask_consent", "look", "ask_voice", "first_self", "bye"]
AWAY_S = 1.5
"""From the session service's death to its successor: the start, and the rest of the dead one's leases."""


def visit(story: Callable[[World], Awaitable[None]], world: Callable[[], World] = World) -> None:
    """Open a world, let the story happen, close it."""

    async def main() -> None:
        here = world()
        await here.start()
        try:
            await story(here)
        finally:
            await here.stop()

    run_virtual(main())


async def agree(world: World) -> None:
    await world.approach()
    await world.line_over("ask_consent")
    await world.say("agreed", 0.6)


async def enrol(world: World) -> None:
    await agree(world)
    await world.line_over("ask_voice")
    await world.say(LONG_ANSWER, 6.0)


async def listen(world: World) -> None:
    """As far as the copy's first words, and its silence after them."""
    await enrol(world)
    await world.line_over("first_self")
    await world.quiet()


async def chat(world: World) -> None:
    """Say something whenever the mirror is silent."""
    while world.kiosk.visit is not None:
        await world.quiet()
        if world.kiosk.visit is None:
            return
        await world.say("I am not sure what to say to that", 2.0)


async def chat_to_the_end(world: World) -> None:
    """Until the visit is over and forgotten."""
    chatting = asyncio.create_task(chat(world))
    await world.until_over()
    chatting.cancel()


async def dies(world: World, away_s: float = AWAY_S) -> None:
    """The session service is killed, and started again."""
    await world.crash_house()
    await asyncio.sleep(away_s)
    await world.open_house()
    await asyncio.sleep(0.5)


async def timed(world: World) -> list[ev.TurnTimed]:
    """What has sounded so far."""
    return [event for event in await world.events("playback") if isinstance(event, ev.TurnTimed)]


async def spoken_lines(world: World) -> list[str]:
    return [event.line for event in await timed(world) if event.kind == "line"]


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
        """How often each utterance was."""
        return Counter(event.utterance for event in self.timed("reply"))


@asynccontextmanager
async def ledger_of(world: World) -> AsyncIterator[Ledger]:
    """Kept for as long as the story is told."""
    ledger = Ledger(world)
    keeping = asyncio.create_task(ledger.keep())
    try:
        yield ledger
    finally:
        keeping.cancel()


def assert_it_ended_on_the_second(world: World) -> None:
    assert world.page.last_sound() - world.began_at == pytest.approx(world.play.duration_s, abs=0.5)


async def assert_it_ended_as_written(world: World, ledger: Ledger) -> None:
    """On the second, with everything said once, and forgotten."""
    assert await world.closed_reasons() == ["finished"]
    assert_it_ended_on_the_second(world)
    assert [line for line in ledger.lines() if line in MUST_SAY] == MUST_SAY
    assert max(ledger.answered().values(), default=0) <= 1
    assert await world.keys_left() == 0
