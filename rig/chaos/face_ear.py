"""Stands where Unreal would: notes when each pose of the face came."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shared.clock import HostClock


class FaceEar(asyncio.DatagramProtocol):
    """Instants of all datagrams, host clock, seconds."""

    def __init__(self) -> None:
        self.came_at: list[float] = []
        self._clock = HostClock()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """One pose."""
        del data, addr
        self.came_at.append(self._clock.now())


@asynccontextmanager
async def listening_face() -> AsyncIterator[tuple[FaceEar, str]]:
    """The ear, and its address as host:port."""
    transport, ear = await asyncio.get_running_loop().create_datagram_endpoint(FaceEar, local_addr=("127.0.0.1", 0))
    try:
        host, port = transport.get_extra_info("sockname")
        yield ear, f"{host}:{port}"
    finally:
        transport.close()
