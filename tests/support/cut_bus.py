"""A worker's own line to a bus, which breaks: from then on nothing it does reaches anybody, as after kill -9."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from shared.bus import Lease, Output
from shared.errors import BusUnavailable
from shared.memory_bus import MemoryBus
from shared.streams import StreamId


class CutBus:
    """What `MemoryBus` does, until just before commit number `dies_at` (0: for ever)."""

    def __init__(self, bus: MemoryBus, dies_at: int = 0) -> None:
        self._bus = bus
        self._dies_at = dies_at
        self.commits = 0
        self.is_cut = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._bus, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._check()
            return await method(*args, **kwargs)

        return call

    async def commit(
        self, lease: Lease, outputs: Sequence[Output], checkpoint: Mapping[str, StreamId] | None = None
    ) -> int:
        self._check()
        self.commits += 1
        if self.commits == self._dies_at:
            self.is_cut.set()
        self._check()
        return await self._bus.commit(lease, outputs, checkpoint)

    def _check(self) -> None:
        if self.is_cut.is_set():
            raise BusUnavailable("whoever speaks here is dead")
