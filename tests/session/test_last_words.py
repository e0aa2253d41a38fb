"""A visitor whose last words come too late for a reply: the mirror nods, and the end stays where it is."""

import asyncio

import pytest

from services.session.play_clock import coda_starts
from services.session.play_events import Answer, SayLine
from tests.session.test_director import last
from tests.support.play_stage import StageByHand
from tests.support.virtual_time import run_virtual
from tests.support.visit_world import World


def silent_until(before_coda_s: float) -> StageByHand:
    """The copy has woken and nobody has spoken; so long from now the coda's first word sounds."""
    stage = StageByHand()
    stage.enrol()
    stage.wait(stage.state.play.duration_s)  # to learn when the coda is said, in another visit
    begins = next(order.starts_at for order in stage.all(SayLine) if order.starts_at)
    stage = StageByHand()
    stage.enrol()
    stage.wait(begins - before_coda_s - 1.3 - stage.now)
    stage.speak("So that was me.")
    return stage


@pytest.mark.parametrize("before_coda_s", [4.4, 4.0, 3.5])
def test_words_too_late_for_a_reply_are_nodded_at_at_once(before_coda_s: float) -> None:
    stage = silent_until(before_coda_s)
    assert stage.all(Answer) == []
    assert last(stage) == "filler_1"


def test_words_in_time_for_a_reply_are_replied_to() -> None:
    stage = silent_until(7.0)
    assert len(stage.all(Answer)) == 1
    assert "filler_1" not in stage.said


def test_where_not_even_a_nod_fits_the_coda_is_the_answer() -> None:
    stage = silent_until(2.0)
    assert "filler_1" not in stage.said
    stage.wait(2.0)
    assert last(stage) == "bye"


def test_a_nod_is_given_once() -> None:
    stage = silent_until(4.4)
    stage.wait(0.1)
    stage.speak("And that.", speech_s=0.2)
    assert stage.said.count("filler_1") == 1


@pytest.mark.parametrize("before_coda_s", [6.0, 5.0, 4.0, 3.0, 2.0])
def test_last_words_are_never_followed_by_three_seconds_of_silence_and_the_end_is_sharp(before_coda_s: float) -> None:
    async def main() -> None:
        world = World()
        await world.start()
        await world.approach()
        await world.line_over("ask_consent")
        await world.say("agreed", 0.6)
        await world.line_over("ask_voice")
        await world.say("this morning I walked along the water and then I took the train to come here", 6.0)
        await world.line_over("first_self")
        state = world.kiosk.visit.conductor._state  # type: ignore[union-attr]
        coda_at = world.began_at + coda_starts(state.play, "en", state.measured)
        await asyncio.sleep(max(0.0, coda_at - before_coda_s - 2.0 - world.now()))
        await world.say("so that was me and this is you", 2.0)
        stopped_at = coda_at - before_coda_s
        await world.until_over()
        sounds = sorted(begin for begin, _ in world.page.sounded.values() if begin > stopped_at)
        assert sounds[0] - stopped_at < 3.0
        assert world.page.last_sound() - world.began_at == pytest.approx(world.play.duration_s, abs=0.5)
        await world.stop()

    run_virtual(main())
