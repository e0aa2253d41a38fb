"""What engines that ask a peer share: one attempt, one ending, a connection that is always freed, and what went wrong last."""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, ClassVar, Protocol

import httpx2

from services.llm.chat_model import WELL, About, Delta, Ended, Ending, Piece, Prompt
from services.llm.keep_warm import KeepWarm
from services.llm.warming import warm

LOG = logging.getLogger(__name__)

DRAIN_S = 0.1
"""For the last bytes after the last chunk: a response read to its end gives its connection back, others cost a handshake."""


class Answer(Protocol):
    """One reply as its chunks come in."""

    @property
    def ending(self) -> Ending | None:
        """Set once a chunk said why the reply ends."""
        ...

    def take(self, chunk: Any) -> str:
        """The chunk's text that may be said."""
        ...

    def ended(self) -> Ended:
        """How it ended, once no more comes."""
        ...


class PeerModel(ABC):
    """Base of the engines behind an address. Asks once a reply: a retry would come too late to be heard."""

    name: ClassVar[str]
    fallbacks = 0

    def __init__(self, http: httpx2.AsyncClient, *, keep_warm_s: float, warm_up_s: float) -> None:
        self._http = http
        self._keep_warm = KeepWarm(self._ping, keep_warm_s)
        self._warm_up_s = warm_up_s
        self._failing = ""

    @property
    @abstractmethod
    def about(self) -> About:
        """What it is."""

    @property
    def trouble(self) -> str:
        """What failed last, until something works."""
        return self._failing

    @abstractmethod
    def _begin(self) -> Answer:
        """An empty answer."""

    @abstractmethod
    def _chunks(self, prompt: Prompt) -> AsyncGenerator[Any, None]:
        """The peer's chunks; an Ended instead of one if it failed. However it is left, its connection is free afterwards."""

    @abstractmethod
    def _finished(self, answer: Any) -> None:
        """Note what the answer told of the peer."""

    @abstractmethod
    async def _ping(self) -> None:
        """Ask the peer something small; must not raise."""

    async def warm_up(self) -> None:
        """One real reply; then the peer is kept warm. Raises EngineUnavailable."""
        await warm(self, self._warm_up_s)
        self._keep_warm.start()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """The reply, in pieces as the peer cut it."""
        self._keep_warm.touch()
        answer = self._begin()
        failed: Ended | None = None
        chunks = self._chunks(prompt)
        try:
            async for chunk in chunks:
                if isinstance(chunk, Ended):
                    failed = chunk
                    break
                if text := answer.take(chunk):
                    yield Delta(text=text)
                if answer.ending:
                    await _drain(chunks, answer)
                    break
        finally:
            await chunks.aclose()
        ended = failed or answer.ended()
        if failed is None:
            self._failing = "" if ended.ending in WELL else f"last reply ended as {ended.ending}"
        self._finished(answer)
        yield ended

    async def close(self) -> None:
        """Let go of connections."""
        await self._keep_warm.stop()
        await self._http.aclose()

    def _broken(self, why: str, ended: Ended) -> Ended:
        """A failure with its reason, which must hold nothing a visitor said."""
        self._failing = why
        LOG.warning("peer failed", extra={"engine": self.name, "ending": ended.ending, "why": why})
        return ended

    def _unreachable(self, error: httpx2.HTTPError) -> Ended:
        """A connection that is slow, or broken."""
        ending: Ending = "timeout" if isinstance(error, httpx2.TimeoutException) else "cut"
        return self._broken(f"the connection failed ({type(error).__name__})", Ended(ending=ending, engine=self.name))

    def _unreadable(self, error: Exception) -> Ended:
        """JSON that is none, or of another shape. The message of such an error quotes what was said: only its kind is kept."""
        return self._broken(f"unreadable answer ({type(error).__name__})", Ended(ending="cut", engine=self.name))


async def _drain(chunks: AsyncIterator[Any], answer: Answer) -> None:
    """What still comes after the reason to end: the count of tokens, the end of the body."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            async for chunk in chunks:
                if not isinstance(chunk, Ended):
                    answer.take(chunk)
