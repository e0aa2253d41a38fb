"""Two engines as one. In virtual time."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from services.llm.chat_model import Delta, Ended, Piece, Prompt
from services.llm.engines import fallback
from services.llm.engines.scripted import Beat, Options, Scripted
from services.llm.pump import PIECES_THEN_STOP, Deadlines, pumped
from shared.errors import EngineUnavailable
from tests.support.llm_improviser import prompt
from tests.support.virtual_time import run_virtual

GOOD = Options(replies=((Beat(text="From the first."),),), name="first")
LATE = Options(replies=((Beat(wait_s=5.0, text="From the first."),),), name="first")
BROKEN = Options(replies=((),), breaks=True, name="first")
HALF = Options(replies=((Beat(text="From the first"), Beat(wait_s=5.0, text=" no more.")),), name="first")
SECOND = Options(replies=((Beat(text="From the second."),),), name="second")


class Pair:
    def __init__(self, first: Options, second: Options = SECOND, **options: Any) -> None:
        self.engines = {"first": Scripted(first), "second": Scripted(second)}
        self.both = fallback.open_engine(
            fallback.Options(order=("first", "second"), **options), lambda name: self.engines[name]
        )

    async def ask(self) -> tuple[str, Ended]:
        pieces = [piece async for piece in self.both.stream(prompt("Hello."))]
        assert isinstance(pieces[-1], Ended)
        return "".join(piece.text for piece in pieces if isinstance(piece, Delta)), pieces[-1]


def ask(pair: Pair, times: int = 1) -> list[tuple[str, Ended]]:
    async def go() -> list[tuple[str, Ended]]:
        return [await pair.ask() for _ in range(times)]

    return run_virtual(go())


def test_the_first_speaks_if_it_can() -> None:
    pair = Pair(GOOD)
    assert ask(pair) == [("From the first.", Ended(ending="stop", engine="first"))]
    assert (pair.both.fallbacks, pair.both.trouble) == (0, "")


def test_the_second_speaks_if_the_first_is_late_or_broken_or_empty() -> None:
    for first in (
        LATE,
        BROKEN,
        Options(replies=((),), name="first"),
        Options(replies=((),), ending="rate", name="first"),
    ):
        pair = Pair(first)
        assert ask(pair) == [("From the second.", Ended(ending="stop", engine="second", is_fallback=True))]
        assert pair.both.fallbacks == 1
        assert pair.engines["first"].freed == 1


def test_a_sentence_begun_by_the_first_is_not_finished_by_the_second() -> None:
    pair = Pair(HALF)
    assert ask(pair) == [("From the first", Ended(ending="timeout", engine="first"))]
    assert pair.engines["second"].begun == 0


def test_a_block_is_a_verdict_that_another_model_may_not_answer() -> None:
    pair = Pair(Options(replies=((),), ending="blocked_prompt", name="first"), bad_turns=1)
    assert ask(pair) == [("", Ended(ending="blocked_prompt", engine="first"))]
    assert (pair.engines["second"].begun, pair.both.trouble) == (0, "")


def test_a_first_that_keeps_failing_is_left_alone_and_tried_again_later() -> None:
    pair = Pair(LATE, bad_turns=2, rest_s=60.0)

    async def go() -> None:
        for _ in range(4):
            await pair.ask()
        assert pair.engines["first"].begun == 2
        assert "2 times in a row" in pair.both.trouble
        await asyncio.sleep(61)
        await pair.ask()
        assert pair.engines["first"].begun == 3

    run_virtual(go())
    assert pair.both.fallbacks == 5


def test_a_first_that_cannot_be_warmed_rests_and_the_second_is_ready() -> None:
    class Away(Scripted):
        async def warm_up(self) -> None:
            raise EngineUnavailable("first: no key")

    pair = Pair(GOOD)
    pair.both = fallback.Fallback(Away(GOOD), pair.engines["second"], fallback.Options(order=("first", "second")))

    async def go() -> str:
        await pair.both.warm_up()
        return (await pair.ask())[0]

    assert run_virtual(go()) == "From the second."
    assert pair.both.trouble == "first: no key"


DEADLINES = Deadlines(first_token_s=1.0, inter_token_s=0.5, total_s=3.0)


def pieces_of(options: Options) -> tuple[list[Piece], Scripted]:
    model = Scripted(options)

    async def go() -> list[Piece]:
        async with pumped(model, prompt("Hello."), DEADLINES) as pieces:
            return [piece async for piece in pieces]

    return run_virtual(go()), model


def test_a_stream_left_early_is_freed_at_once() -> None:
    model = Scripted(Options(replies=((Beat(text="a"), Beat(wait_s=100.0, text="b")),)))

    async def go() -> None:
        async with pumped(model, prompt("Hello."), DEADLINES) as pieces:
            async for _ in pieces:
                break
        assert model.freed == 1

    run_virtual(go())


def test_a_stream_that_stalls_ends_as_timeout() -> None:
    pieces, model = pieces_of(Options(replies=((Beat(text="a"), Beat(wait_s=100.0, text="b")),)))
    assert pieces == [Delta(text="a"), Ended(ending="timeout", engine="scripted")]
    assert model.freed == 1


def test_a_stream_that_breaks_ends_as_cut() -> None:
    pieces, _ = pieces_of(Options(replies=((Beat(text="a"),),), breaks=True))
    assert pieces == [Delta(text="a"), Ended(ending="cut", engine="scripted")]


def test_a_runaway_is_stopped() -> None:
    class Flood(Scripted):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
            while True:
                yield Delta(text="a")

    async def go() -> list[Piece]:
        async with pumped(Flood(Options()), prompt("Hello."), DEADLINES) as pieces:
            return [piece async for piece in pieces]

    pieces = run_virtual(go())
    assert len(pieces) == PIECES_THEN_STOP + 1
    assert pieces[-1] == Ended(ending="length", engine="scripted")
