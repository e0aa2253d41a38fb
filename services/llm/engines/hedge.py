"""Two engines side by side: the second starts when the first is late, and whoever has a clause first speaks.

The loser is stopped at once. After `bad_turns` turns in a row that the first lost or broke, it rests: the second speaks without
waiting for it, and the first is tried in the background until it is quick again, so that no visitor waits for a dead peer.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from math import inf

import msgspec

from services.llm.breaker import Breaker
from services.llm.chat_model import BLOCKED, About, ChatModel, Ended, Ending, Piece, Prompt
from services.llm.contender import Contender
from services.llm.engines.absent import opened_or_absent
from services.llm.pump import Deadlines
from services.llm.warming import first_token_s
from shared.errors import EngineUnavailable

LOG = logging.getLogger(__name__)

HOPELESS: frozenset[Ending] = frozenset({"rate", "auth", "config"})
"""The next turn would fail as surely: no second bad turn is waited for."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The two, and when the second starts."""

    order: tuple[str, str] = ("gemini", "improviser")
    """The second must always be there: the improviser; or `fallback`, to have both a local model and the improviser."""
    hedge_s: float = 0.55
    """The second starts if the first has no text by then."""
    clause_s: float = 0.8
    """... or no whole clause by then. Below the stage's `first_token_s`, by as much as the second needs for a clause."""
    inter_token_s: float = 0.7
    total_s: float = 4.0
    bad_turns: int = 2
    rest_s: float = 20.0
    """Before the first is tried again in the background; doubled after each try that fails."""


class Hedge:
    """Wraps two engines."""

    def __init__(self, first: ChatModel, second: ChatModel, options: Options) -> None:
        self._first, self._second, self._options = first, second, options
        self._deadlines = Deadlines(
            first_token_s=options.total_s, inter_token_s=options.inter_token_s, total_s=options.total_s
        )
        self._breaker = Breaker(options.bad_turns, options.rest_s)
        self._probing: asyncio.Task[None] | None = None
        self._fallbacks = 0

    @property
    def about(self) -> About:
        """Named after both; version and device are the first's, while it is asked."""
        first, second = self._first.about, self._second.about
        speaks = second if self._breaker.is_open else first
        return About(
            name=f"{first.name}, hedged by {second.name}", is_deterministic=False, device=speaks.device,
            version=speaks.version, languages=second.languages,
        )  # fmt: skip

    @property
    def fallbacks(self) -> int:
        """How often the second spoke."""
        return self._fallbacks

    @property
    def trouble(self) -> str:
        """Why the first rests; else what either of them says of itself."""
        if self._breaker.is_open:
            return (
                f"{self._first.about.name} rests: {self._breaker.why}; tried again every {self._breaker.rest_s:.0f} s"
            )
        return self._first.trouble or self._second.trouble

    async def warm_up(self) -> None:
        """Both; only the second must be well. A first that is away is tried again in the background."""
        await self._second.warm_up()
        try:
            await self._first.warm_up()
        except EngineUnavailable as error:
            LOG.warning("first engine is away", extra={"engine": self._first.about.name, "error": str(error)})
            self._breaker.trip(str(error))
            self._probe()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """The reply of whoever has a clause first."""
        first, second = Contender(self._first), Contender(self._second)
        opened: list[Contender] = []
        try:
            if not self._breaker.is_open:
                await first.open(prompt, self._deadlines)
                opened.append(first)
                await self._wait_for_first(first)
            if not first.has_clause and self._may_follow(first):
                await second.open(prompt, self._deadlines)
                opened.append(second)
                await _until_one_speaks(opened)
            winner = first if first.has_clause or second not in opened else second
            if winner is second:
                self._second_speaks(first)
            await _close([one for one in opened if one is not winner])
            async with aclosing(winner.speak()) as pieces:
                async for piece in pieces:
                    is_fallback = winner is second and isinstance(piece, Ended)
                    yield msgspec.structs.replace(piece, is_fallback=True) if is_fallback else piece
        finally:
            if first.has_clause or first.ended:
                self._judge(first)
            await _close(opened)

    async def _wait_for_first(self, first: Contender) -> None:
        """Until it has a clause, failed, or is late."""
        await asyncio.wait({first.ready}, timeout=self._options.hedge_s)
        if first.has_only_text and not first.ready.done():
            await asyncio.wait({first.ready}, timeout=max(0.0, self._options.clause_s - self._options.hedge_s))

    def _may_follow(self, first: Contender) -> bool:
        """Whether the second may answer after what the first ended as."""
        return not (first.ended and first.ended.ending in BLOCKED) or self._second.about.is_authored

    def _second_speaks(self, first: Contender) -> None:
        self._fallbacks += 1
        if first.ended is None and not self._breaker.is_open:
            self._breaker.bad(f"{self._first.about.name} was late")
            self._rest_if_open()

    def _judge(self, first: Contender) -> None:
        """What a turn in which the first spoke, or failed, says of it. One that was stopped while it spoke was well."""
        name, ended = self._first.about.name, first.ended
        if ended is None or ended.ending in BLOCKED or (first.has_clause and ended.ending in {"stop", "length"}):
            self._breaker.good()
        elif ended.ending in HOPELESS:
            self._breaker.trip(f"{name} ended as {ended.ending}", ended.retry_after_s)
        else:
            self._breaker.bad(f"{name} ended as {ended.ending}")
        self._rest_if_open()

    def _rest_if_open(self) -> None:
        if self._breaker.is_open:
            LOG.warning("first engine rests", extra={"why": self._breaker.why, "rest_s": self._breaker.rest_s})
            self._probe()

    def _probe(self) -> None:
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._probe_until_well())

    async def _probe_until_well(self) -> None:
        """Half open: a small question of our own, which must be answered as quickly as a visitor's."""
        while self._breaker.is_open:
            await asyncio.sleep(self._breaker.rest_s)
            if why := await self._what_ails_the_first():
                self._breaker.probe_failed(why)
            else:
                self._breaker.good()
                LOG.info("first engine is back", extra={"engine": self._first.about.name})

    async def _what_ails_the_first(self) -> str:
        """Why it cannot be asked again, or empty."""
        try:
            await self._first.warm_up()
        except EngineUnavailable as error:
            return str(error)
        first_s, ended = await first_token_s(self._first, self._options.total_s)
        if first_s == inf:
            return f"{self._first.about.name} ended as {ended.ending}"
        if first_s > self._options.hedge_s:
            return f"{self._first.about.name} needs {first_s:.2f} s, more than hedge_s"
        return ""

    async def close(self) -> None:
        """Both."""
        if self._probing:
            self._probing.cancel()
            await asyncio.wait({self._probing})
        await self._first.close()
        await self._second.close()


async def _until_one_speaks(contenders: list[Contender]) -> None:
    """Until one has a clause, or all ended without."""
    waiting = {one.ready for one in contenders if not one.ready.done()}
    while waiting and not any(one.has_clause for one in contenders):
        _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)


async def _close(contenders: list[Contender]) -> None:
    for one in contenders:
        await one.close()


def open_engine(options: Options, others: Callable[[str], ChatModel]) -> Hedge:
    """The two named in `order`. A first whose package is missing is left out; the second must be there."""
    first, second = options.order
    return Hedge(opened_or_absent(first, others), others(second), options)
