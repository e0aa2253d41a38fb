"""Two engines side by side. In virtual time."""

import asyncio
from typing import Any

import pytest

from services.llm.chat_model import About, ChatModel, Delta, Ended, Ending
from services.llm.config import LlmConfig
from services.llm.engines import ENGINES, hedge
from services.llm.engines.scripted import Beat, Options, Scripted
from shared.errors import ConfigError, EngineUnavailable
from tests.support.llm_improviser import prompt
from tests.support.virtual_time import run_virtual

CLAUSE = "From the first, all that I have, and then the rest."
OTHER = "From the second, in a voice that was not asked for."


def says(*beats: tuple[float, str], **options: Any) -> Options:
    return Options(replies=(tuple(Beat(wait_s=wait_s, text=text) for wait_s, text in beats),), name="first", **options)


QUICK = says((0.2, CLAUSE))
SLOW = says((3.0, CLAUSE))
SECOND = Options(replies=((Beat(text=OTHER, wait_s=0.1),),), name="second")


class Authored(Scripted):
    @property
    def about(self) -> About:
        return About(name="second", is_deterministic=True, is_authored=True)

    @about.setter
    def about(self, about: About) -> None:
        pass


class Pair:
    def __init__(self, first: Options | Scripted, second: Scripted | None = None, **options: Any) -> None:
        self.first = first if isinstance(first, Scripted) else Scripted(first)
        self.second = second or Scripted(SECOND)
        engines: dict[str, ChatModel] = {"one": self.first, "two": self.second}
        self.both = hedge.open_engine(hedge.Options(order=("one", "two"), **options), engines.__getitem__)

    async def ask(self) -> tuple[str, Ended, float]:
        """The text, how it ended, and when its first piece came."""
        now = asyncio.get_running_loop().time
        started, text, at, ended = now(), "", 0.0, None
        async for piece in self.both.stream(prompt("Hello.")):
            at = at or round(now() - started, 2)
            if isinstance(piece, Delta):
                text += piece.text
            else:
                ended = piece
        assert ended is not None
        return text, ended, at


def ask(pair: Pair, times: int = 1) -> list[tuple[str, Ended, float]]:
    async def go() -> list[tuple[str, Ended, float]]:
        found = [await pair.ask() for _ in range(times)]
        await pair.both.close()
        return found

    return run_virtual(go())


def test_a_first_that_is_in_time_speaks_and_the_second_is_not_troubled() -> None:
    pair = Pair(QUICK)
    assert ask(pair) == [(CLAUSE, Ended(ending="stop", engine="first"), 0.2)]
    assert (pair.second.begun, pair.both.fallbacks, pair.both.trouble) == (0, 0, "")


def test_a_first_without_a_word_by_the_set_time_is_joined_by_the_second() -> None:
    pair = Pair(SLOW)
    assert ask(pair) == [(OTHER, Ended(ending="stop", engine="second", is_fallback=True), 0.65)]
    assert pair.both.fallbacks == 1


def test_whoever_has_a_clause_first_speaks_and_the_other_is_freed() -> None:
    pair = Pair(says((0.6, CLAUSE), (0.5, " More.")))
    [(text, ended, at)] = ask(pair)
    assert (text, ended.engine, at) == (CLAUSE + " More.", "first", 0.6)
    assert (pair.second.begun, pair.second.freed) == (1, 1)
    assert pair.both.fallbacks == 0


def test_the_loser_is_freed_before_the_winner_is_heard() -> None:
    pair = Pair(SLOW)

    async def go() -> None:
        async for _ in (stream := pair.both.stream(prompt("Hello."))):
            assert pair.first.freed == 1
            break
        await stream.aclose()
        await pair.both.close()

    run_virtual(go())


def test_a_first_that_begins_but_has_no_clause_in_time_is_joined_too() -> None:
    pair = Pair(says((0.1, "From"), (0.6, " the"), (0.6, " first.")))
    [(_, ended, at)] = ask(pair)
    assert (ended.engine, at) == ("second", 0.9)


def test_half_a_clause_of_one_is_never_heard_before_the_other() -> None:
    pair = Pair(says((0.1, "From the"), breaks=True))
    [(text, ended, at)] = ask(pair)
    assert (text, ended.engine, at) == (OTHER, "second", 0.2)


@pytest.mark.parametrize("ending", ["empty", "cut", "overload", "rate", "auth", "config"])
def test_a_first_that_fails_is_replaced_at_once(ending: Ending) -> None:
    [(text, ended, at)] = ask(Pair(says((0.05, ""), ending=ending)))
    assert (text, ended.is_fallback, at) == (OTHER, True, 0.15)


def test_a_short_answer_is_a_whole_one() -> None:
    [(text, ended, _)] = ask(Pair(says((0.1, "Yes."))))
    assert (text, ended.engine) == ("Yes.", "first")


def test_a_reply_that_breaks_off_after_its_first_clause_is_not_finished_by_the_other() -> None:
    pair = Pair(says((0.1, CLAUSE), (5.0, " More.")))
    [(text, ended, _)] = ask(pair)
    assert (text, ended) == (CLAUSE, Ended(ending="timeout", engine="first"))
    assert pair.second.begun == 0


@pytest.mark.parametrize("ending", ["blocked_prompt", "blocked_output"])
def test_a_block_is_a_verdict_that_only_authored_words_may_answer(ending: Ending) -> None:
    pair = Pair(says((0.1, ""), ending=ending))
    assert ask(pair, times=3)[-1][:2] == ("", Ended(ending=ending, engine="first"))
    assert (pair.second.begun, pair.both.trouble) == (0, "")
    [(text, ended, _)] = ask(Pair(says((0.1, ""), ending=ending), Authored(SECOND)))
    assert (text, ended.is_fallback) == (OTHER, True)


def test_if_both_fail_it_ends_as_the_second_did() -> None:
    pair = Pair(says((0.1, ""), ending="cut"), Scripted(Options(replies=((),), ending="overload", name="second")))
    assert ask(pair)[0][:2] == ("", Ended(ending="overload", engine="second", is_fallback=True))


# --- the breaker ----------------------------------------------------------------------------------------------------------


def test_after_two_bad_turns_nobody_waits_for_the_first() -> None:
    pair = Pair(SLOW, rest_s=60.0)
    assert [at for _, _, at in ask(pair, times=3)] == [0.65, 0.65, 0.1]
    assert pair.first.begun == 2
    assert "first rests: 2 bad turns in a row, last: first was late" in pair.both.trouble


def test_a_good_turn_between_forgives_a_bad_one() -> None:
    first = Scripted(
        Options(replies=(SLOW.replies[0], QUICK.replies[0], SLOW.replies[0], QUICK.replies[0]), name="first")
    )
    pair = Pair(first)
    assert [ended.engine for _, ended, _ in ask(pair, times=4)] == ["second", "first", "second", "first"]
    assert pair.both.trouble == ""


@pytest.mark.parametrize("ending", ["rate", "auth", "config"])
def test_what_would_fail_again_is_not_tried_twice(ending: Ending) -> None:
    pair = Pair(says((0.1, ""), ending=ending))
    ask(pair, times=2)
    assert pair.first.begun == 1
    assert ending in pair.both.trouble


def test_a_first_that_rests_is_tried_in_the_background_and_comes_back() -> None:
    replies = (*SLOW.replies, *SLOW.replies, *SLOW.replies, *QUICK.replies)
    pair = Pair(Scripted(Options(replies=replies, name="first")), rest_s=20.0)

    async def go() -> None:
        for _ in range(2):
            await pair.ask()
        await asyncio.sleep(25)
        assert pair.first.begun == 3  # one probe, too slow
        assert "first rests: first needs 3.00 s" in pair.both.trouble
        assert (await pair.ask())[2] == 0.1
        await asyncio.sleep(41)
        assert pair.first.begun == 4
        assert pair.both.trouble == ""
        assert (await pair.ask())[1].engine == "first"
        await pair.both.close()

    run_virtual(go())


def test_a_server_that_asks_for_peace_gets_it() -> None:
    class Busy(Scripted):
        async def stream(self, prompt: Any) -> Any:
            self.begun += 1
            yield Ended(ending="rate", engine="first", retry_after_s=36.0)

    pair = Pair(Busy(QUICK), rest_s=20.0)

    async def go() -> None:
        await pair.ask()
        await asyncio.sleep(35)
        assert pair.first.begun == 1
        await asyncio.sleep(2)
        assert pair.first.begun == 2
        await pair.both.close()

    run_virtual(go())


def test_a_turn_that_became_void_says_nothing_of_the_first() -> None:
    pair = Pair(SLOW, bad_turns=1)

    async def go() -> None:
        task = asyncio.create_task(pair.ask())
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.wait({task})
        assert pair.first.freed == 1
        assert pair.both.trouble == ""
        await pair.both.close()

    run_virtual(go())


def test_a_first_that_is_away_at_the_start_is_covered_and_found_later() -> None:
    class Away(Scripted):
        tries = 0

        async def warm_up(self) -> None:
            self.tries += 1
            if self.tries < 3:
                raise EngineUnavailable("first: nobody at 127.0.0.1:9")

    pair = Pair(Away(QUICK), rest_s=10.0)

    async def go() -> None:
        await pair.both.warm_up()
        assert "nobody at 127.0.0.1:9" in pair.both.trouble
        assert (await pair.ask())[1].engine == "second"
        await asyncio.sleep(31)
        assert (await pair.ask())[1].engine == "first"
        await pair.both.close()

    run_virtual(go())


def test_a_second_that_is_away_is_no_hedge() -> None:
    class Away(Scripted):
        async def warm_up(self) -> None:
            raise EngineUnavailable("second: no lines")

    with pytest.raises(EngineUnavailable, match="no lines"):
        run_virtual(Pair(QUICK, Away(SECOND)).both.warm_up())


def test_an_engine_is_not_hedged_by_itself() -> None:
    for order in (["improviser", "improviser"], ["hedge", "improviser"]):
        with pytest.raises(ConfigError, match="two engines"):
            ENGINES.open(LlmConfig(engine="hedge", options={"hedge": {"order": order}}))
