"""Looks for a peer that is away, so that no visitor has to."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from services.a2f_bridge.breaker import Breaker
from shared.errors import EngineFailed, EngineUnavailable

LOG = logging.getLogger(__name__)


class PeerWatch:
    """A breaker with someone who closes it again."""

    def __init__(self, name: str, breaker: Breaker, look: Callable[[], Awaitable[None]]) -> None:
        """`look` raises EngineUnavailable as long as the peer is away."""
        self._name, self._breaker, self._look = name, breaker, look
        self._looking: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str:
        """What is wrong with the peer at the moment, or empty."""
        return self._breaker.trouble

    def demand(self) -> None:
        """Raises EngineUnavailable, at once, while the peer is not worth asking."""
        if self._breaker.is_open:
            raise EngineUnavailable(f"{self._breaker.trouble} (it is looked for again and again)")

    def note(self, failure: EngineFailed | None) -> None:
        """How something that was asked of the peer went: None, or what broke it."""
        if failure is None:
            self._breaker.succeed()
        else:
            self._breaker.fail(str(failure))
            self._mind()

    def trip(self, why: str) -> None:
        """It is not there at all."""
        self._breaker.trip(why)
        self._mind()

    async def close(self) -> None:
        """Stop looking."""
        if self._looking:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    def _mind(self) -> None:
        if self._breaker.is_open and (self._looking is None or self._looking.done()):
            LOG.info("a peer is left alone", extra={"engine": self._name, "reason": self._breaker.trouble})
            self._looking = asyncio.create_task(self._keep_looking())

    async def _keep_looking(self) -> None:
        while self._breaker.is_open:
            await asyncio.sleep(self._breaker.pause_s())
            try:
                await self._look()
            except EngineUnavailable as error:
                self._breaker.trip(str(error))
            else:
                self._breaker.succeed()
                LOG.info("a peer is back", extra={"engine": self._name})
