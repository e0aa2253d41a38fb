"""Two engines as one: the second speaks when the first is late, broken or empty. If it was a block, only words a person wrote.

Only before the first text: a sentence begun by one is never finished by another. After `bad_turns` failures in a row the
first is left alone for `rest_s`, so that a dead peer costs its patience twice and not at every turn.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable

import msgspec

from services.llm.chat_model import BLOCKED, About, ChatModel, Delta, Ended, Ending, Piece, Prompt
from services.llm.engines.absent import opened_or_absent
from services.llm.pump import Deadlines, pumped
from shared.errors import EngineUnavailable

LOG = logging.getLogger(__name__)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The two, in order, and how patient to be with the first."""

    order: tuple[str, str] = ("gemini", "improviser")
    patience_s: float = 0.6
    """For the first text. Below the stage's `first_token_s`, or the stage gives up before the second is asked."""
    inter_token_s: float = 0.7
    total_s: float = 4.0
    bad_turns: int = 2
    rest_s: float = 60.0


class Fallback:
    """Wraps two engines."""

    def __init__(self, first: ChatModel, second: ChatModel, options: Options) -> None:
        self._first, self._second, self._options = first, second, options
        self._deadlines = Deadlines(
            first_token_s=options.patience_s, inter_token_s=options.inter_token_s, total_s=options.total_s
        )
        self._fallbacks = 0
        self._bad_turns = 0
        self._rests_until = 0.0
        self._trouble = ""

    @property
    def about(self) -> About:
        """Named after both; what it says again after a crash depends on which of them speaks."""
        first, second = self._first.about, self._second.about
        return About(
            name=f"{first.name}, else {second.name}", is_deterministic=False, device=first.device, version=first.version,
            languages=second.languages,
        )  # fmt: skip

    @property
    def fallbacks(self) -> int:
        """How often the second had to speak."""
        return self._fallbacks

    @property
    def trouble(self) -> str:
        """Why the first is left alone, while it is; else what either of them says of itself."""
        return self._trouble or self._first.trouble or self._second.trouble

    async def warm_up(self) -> None:
        """Both; only the second must be well. A first that is away is tried again after `rest_s`."""
        await self._second.warm_up()
        try:
            await self._first.warm_up()
        except EngineUnavailable as error:
            LOG.warning("first engine is away", extra={"first": self._first.about.name, "error": str(error)})
            self._rest(str(error))

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """The first's reply, or the second's."""
        has_text = False
        reason: Ending | None = None
        if asyncio.get_running_loop().time() >= self._rests_until:
            async with pumped(self._first, prompt, self._deadlines) as pieces:
                async for piece in pieces:
                    has_text = has_text or isinstance(piece, Delta)
                    if isinstance(piece, Ended) and not has_text:
                        reason = piece.ending
                        break
                    yield piece
            self._note(is_good=has_text or reason in BLOCKED)
        if reason in BLOCKED and not self._second.about.is_authored:
            yield Ended(ending=reason, engine=self._first.about.name)
            return
        if has_text:
            return
        self._fallbacks += 1
        LOG.warning("second engine speaks", extra={"first": self._first.about.name, "reason": reason or "resting"})
        async for piece in self._second.stream(prompt):
            yield msgspec.structs.replace(piece, is_fallback=True) if isinstance(piece, Ended) else piece

    def _note(self, *, is_good: bool) -> None:
        self._bad_turns = 0 if is_good else self._bad_turns + 1
        if is_good:
            self._trouble = ""
        elif self._bad_turns >= self._options.bad_turns:
            self._bad_turns = 0
            self._rest(f"{self._first.about.name} failed {self._options.bad_turns} times in a row")

    def _rest(self, why: str) -> None:
        self._trouble = why
        self._rests_until = asyncio.get_running_loop().time() + self._options.rest_s

    async def close(self) -> None:
        """Both."""
        await self._first.close()
        await self._second.close()


def open_engine(options: Options, others: Callable[[str], ChatModel]) -> Fallback:
    """The two named in `order`. A first whose package is missing is left out; the second must be there."""
    first, second = options.order
    return Fallback(opened_or_absent(first, others), others(second), options)
