"""What cannot be read, is of the wrong kind, or breaks whoever handles it, hurts itself alone: the visit goes on."""

import asyncio

import pytest

from shared import events as ev
from shared.streams import SESSIONS, STAGES, WRITER, key, offers
from tests.pipeline.test_session_dies import MUST_SAY, Ledger, dies
from tests.pipeline.test_visit import chat, enrol, spoken_lines, visit
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
        ledger = Ledger(world)
        keeping = asyncio.create_task(ledger.keep())
        await enrol(world)
        await world.line_over("first_self")
        await world.quiet()
        for poison in POISONS:
            for stream in WRITER:
                world.poison(key(world.session, stream), poison)
            for name in (SESSIONS, STAGES, offers("llm")):
                world.poison(name, poison)
        await dies(world)  # and whoever comes next reads it all again
        chatting = asyncio.create_task(chat(world))
        await world.until_over()
        for task in (chatting, keeping):
            task.cancel()
        assert await world.closed_reasons() == ["finished"]
        assert world.page.last_sound() - world.began_at == pytest.approx(world.play.duration_s, abs=0.5)
        assert [line for line in ledger.lines() if line in MUST_SAY] == MUST_SAY
        assert len(ledger.answered()) >= 2
        assert await world.keys_left() == 0

    visit(story)


def test_words_at_which_the_model_breaks_three_times_are_covered_and_the_next_are_answered() -> None:
    async def story(world: World) -> None:
        await enrol(world)
        await world.line_over("first_self")
        await world.quiet()
        world.breaks_on = "what is a poisoned sentence"
        await world.say(world.breaks_on, 1.5)
        await asyncio.sleep(3.0)
        dead = [event for event in await world.events("dead.llm") if isinstance(event, ev.StageFailed)]
        assert {event.reason for event in dead} == {"ValueError"}
        assert set(await spoken_lines(world)) - set(MUST_SAY), "nothing covers for it"
        await world.say("and this one is fine", 1.5)
        await world.quiet()
        timed = [event for event in await world.events("playback") if isinstance(event, ev.TurnTimed)]
        assert timed[-1].utterance == world.utterance

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
