"""Unreal, and whoever else shall see the same face: every datagram, byte for byte, to each; what one refuses the others do not feel."""

import asyncio
from collections.abc import Iterable

from services.a2f_bridge.sender import LiveLinkSender

LOOK_UP_S = 2.0
"""Longest wait for names that nobody answers for. They are still looked up; the other destinations have their poses meanwhile."""


class LiveLinkSenders:
    """As one sender, to several."""

    def __init__(self, destinations: Iterable[tuple[str, int]]) -> None:
        """`destinations`: host and port of each, one at least."""
        self.each = tuple(LiveLinkSender(*one) for one in destinations)
        self._looking: dict[LiveLinkSender, asyncio.Task[None]] = {}

    @property
    def last_error(self) -> str:
        """What is wrong with those that cannot be sent to; empty if nothing is."""
        return "; ".join(one.last_error for one in self.each if one.last_error)

    async def resolve(self) -> None:
        """Look every host up, all at once; one whose look-up still runs is not asked a second time."""
        if len(self.each) == 1:
            await self.each[0].resolve()
            return
        for one in self.each:
            if one not in self._looking or self._looking[one].done():
                self._looking[one] = asyncio.create_task(one.resolve())
        await asyncio.wait(self._looking.values(), timeout=LOOK_UP_S)

    def send(self, datagram: bytes) -> bool:
        """One datagram to each; False if none of them got it."""
        taken = sum(one.send(datagram) for one in self.each)
        return taken > 0

    def close(self) -> None:
        """Let go of every socket."""
        for looking in self._looking.values():
            looking.cancel()
        for one in self.each:
            one.close()
