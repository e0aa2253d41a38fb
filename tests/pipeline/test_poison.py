"""What cannot be read, is of the wrong kind, or breaks whoever handles it, hurts itself alone: the visit goes on."""

import asyncio

from shared import events as ev
from shared.streams import SESSIONS, STAGES, WRITER, key, offers
from tests.support.visit_story import (
    MUST_SAY,
    assert_it_ended_as_written,
    chat_to_the_end,
    dies,
    enrol,
    ledger_of,
    listen,
    spoken_lines,
    timed,
    visit,
)
from tests.support.visit_world import World

NO_MESSAGEPACK = b"\xc1\xff nothing"
POISONS = (
    NO_MESSAGEPACK,
    b"\x81\xa4type\xa9from.2031",  # an unknown event
    b"\x81\xa4type\xa2\xff\xfe",  # a text that is no UTF-8
    b"\x82\xa4type\xb0stages.heartbeat\xa5stage\x07",  # a field of another type
    ev.encode(ev.FaceReady(turn=1, seq=1, engine="x", frame=1)),  # an event of another stream
    ev.encode(ev.SpeechEnded(turn=-3, seq=-1, samples=-5)),  # one that contradicts itself
)


def test_every_poison_in_every_stream_costs_nothing_the_visitor_notices() -> None:
    async def story(world: World) -> None:
        async with ledger_of(world) as ledger:
            await listen(world)
            for poison in POISONS:
                for stream in WRITER:
                    world.poison(key(world.session, stream), poison)
                for name in (SESSIONS, STAGES, offers("llm")):
                    world.poison(name, poison)
            await dies(world)  # and whoever comes next reads it all again
            await chat_to_the_end(world)
        await assert_it_ended_as_written(world, ledger)
        assert len(ledger.answered()) >= 2

    visit(story)


def test_words_at_which_the_model_breaks_three_times_are_covered_and_the_next_are_answered() -> None:
    async def story(world: World) -> None:
        await listen(world)
        world.breaks_on = "what is a poisoned sentence"
        await world.say(world.breaks_on, 1.5)
        await asyncio.sleep(3.0)
        dead = [event for event in await world.events("dead.llm") if isinstance(event, ev.StageFailed)]
        assert {event.reason for event in dead} == {"ValueError"}
        assert set(await spoken_lines(world)) - set(MUST_SAY), "nothing covers for it"
        await world.say("and this one is fine", 1.5)
        await world.quiet()
        assert (await timed(world))[-1].utterance == world.utterance

    visit(story)


def test_a_line_that_cannot_be_spoken_stands_on_the_glass_and_the_visit_goes_on() -> None:
    async def story(world: World) -> None:
        world.breaks_on = "look"
        await enrol(world)
        await world.line_over("first_self")
        assert any(isinstance(event, ev.StageFailed) for event in await world.events("dead.tts"))
        assert "look" not in await spoken_lines(world)

    visit(story)


def test_what_breaks_the_conductor_is_counted_and_said_to_the_operator() -> None:
    async def story(world: World) -> None:
        await enrol(world)
        await world.line_over("first_self")
        world.poison(key(world.session, "hearing"), NO_MESSAGEPACK)
        await asyncio.sleep(0.2)
        beat = world.house.heartbeat()
        assert beat.failures == 1
        assert "hearing" in beat.last_error

    visit(story)
