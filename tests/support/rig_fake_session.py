"""A session service that does as it is told: one socket, a list of what the kiosk said."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from websockets.asyncio.server import ServerConnection, serve

from shared import kiosk_wire as wire
from shared.audio import VOICE_CHUNK, VOICE_HZ

M = TypeVar("M", bound=wire.Up)
TOKEN = "right"


class FakeSession:
    """What one kiosk sees of a session."""

    def __init__(self, on_approach: wire.Refused | None = None) -> None:
        self._on_approach = on_approach
        self.heard: list[wire.UpMessage] = []
        self.socket: ServerConnection | None = None
        self.url = ""
        self._news = asyncio.Condition()

    async def serve(self, socket: ServerConnection) -> None:
        """One connection."""
        hello = wire.decode_up(await socket.recv(decode=False))
        if not isinstance(hello, wire.Hello) or hello.token != TOKEN:
            await socket.send(wire.encode(wire.Refused(reason="token", detail="wrong")))
            await socket.close(4401)
            return
        self.socket = socket
        await socket.send(wire.encode(wire.Welcome(kiosk="k", languages=("en",), subtitles=False, version="0")))
        async for payload in socket:
            assert isinstance(payload, bytes)
            message = wire.decode_up(payload)
            if isinstance(message, wire.Ping):
                await self.tell(wire.Pong(sent=message.sent, host=time.monotonic()))
            if isinstance(message, wire.Approach) and self._on_approach:
                await self.tell(self._on_approach)
            async with self._news:
                self.heard.append(message)
                self._news.notify_all()

    async def tell(self, *messages: wire.Down) -> None:
        """Say something to the kiosk."""
        assert self.socket is not None
        for message in messages:
            await self.socket.send(wire.encode(message))

    def all_of(self, kind: type[M]) -> list[M]:
        """What the kiosk said of one kind."""
        return [message for message in self.heard if isinstance(message, kind)]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until what the kiosk said makes this true."""
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(holds)

    async def say(self, turn: int, seconds: float, *, in_s: float = 0.05) -> None:
        """Speech, due from now on."""
        due, total = time.monotonic() + in_s, round(seconds * VOICE_HZ)
        for start in range(0, total, VOICE_CHUNK):
            size = min(VOICE_CHUNK, total - start)
            await self.tell(
                wire.Speech(
                    turn=turn,
                    from_sample=start,
                    pcm=b"\1\0" * size,
                    due=due + start / VOICE_HZ,
                    restart=start == 0,
                    is_last=start + size == total,
                )
            )


@asynccontextmanager
async def fake_session(on_approach: wire.Refused | None = None) -> AsyncIterator[FakeSession]:
    """A session on a free port of this machine; `on_approach` is its answer to whoever steps up."""
    session = FakeSession(on_approach)
    handler: Callable[[ServerConnection], Awaitable[None]] = session.serve
    async with serve(handler, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        session.url = f"ws://127.0.0.1:{port}"
        yield session
