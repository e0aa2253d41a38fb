"""Who held a visit when, and when Redis answered: asked again and again from outside."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import redis.asyncio
from redis.exceptions import RedisError

from shared.streams import key

LOOK_S = 0.005
ANSWER_S = 0.25
"""Who has not answered by then is asked anew."""


class Held(NamedTuple):
    """Who held the lease from an instant on; nobody if empty. Monotonic clock, seconds."""

    at: float
    worker: str


def gap_s(held: Sequence[Held], begun_at: float, now: float, dead: str = "") -> float:
    """Longest stretch since `begun_at` in which no living worker had the visit.

    Args:
        held: Every change of the holder, in order, the first before `begun_at`.
        begun_at: When the harm was done.
        now: Until when it was watched.
        dead: The worker that was killed at `begun_at`: its lease outlives it.
    """
    spans = [(one.at, after.at, one.worker) for one, after in pairwise([*held, Held(now, "")])]
    longest = length = 0.0
    for begin, end, worker in spans:
        length = 0.0 if worker and worker != dead else length + max(0.0, end - max(begin, begun_at))
        longest = max(longest, length)
    return longest


def longest_silence_s(answered: Sequence[float], begun_at: float, now: float) -> float:
    """Longest time between two answers since `begun_at`, and from the last one until now."""
    instants = [begun_at, *(at for at in answered if at > begun_at), now]
    return max(after - before for before, after in pairwise(instants))


class Watch:
    """Watches one stage of one visit, and Redis itself."""

    def __init__(self, url: str, session: str, stage: str) -> None:
        self.held: list[Held] = [Held(time.monotonic(), "")]
        self.answered: list[float] = []
        self.is_over = False
        """Set to end `run`: redis-py's client takes a cancellation in the middle of a question for an answer that did not come."""
        self._key = key(session, f"{stage}.lease")
        self._redis = redis.asyncio.Redis.from_url(
            url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S, retry_on_error=[]
        )

    @property
    def holder(self) -> str:
        """Who has the visit now."""
        return self.held[-1].worker

    async def run(self) -> None:
        """Look until it is over. A Redis that does not answer changes no holder."""
        try:
            while not self.is_over:
                try:
                    found = await self._redis.get(self._key)
                except RedisError:
                    await self._hang_up()
                else:
                    now = time.monotonic()
                    self.answered.append(now)
                    worker = found.decode() if isinstance(found, bytes) else ""
                    if worker != self.holder:
                        self.held.append(Held(now, worker))
                await asyncio.sleep(LOOK_S)
        finally:
            await self._hang_up()

    async def _hang_up(self) -> None:
        with contextlib.suppress(RedisError):  # that a server which is away says no goodbye is no news
            await self._redis.connection_pool.disconnect()
