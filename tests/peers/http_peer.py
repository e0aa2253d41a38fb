"""What the HTTP peers have in common: a server in the test's own loop, what it received, and who went away."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Received:
    """One request, and what became of it."""

    def __init__(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> None:
        self.method, self.path, self.query, self.headers = method, path, query, headers
        self.json: Any = msgspec.json.decode(body) if body else None
        self.left = asyncio.Event()
        """The client went away before the answer was complete."""
        self.sent = asyncio.Event()
        """The first bytes of the answer are out."""
        self.done = asyncio.Event()
        """Nothing more happens to it."""


class Refusal(Exception):
    """The peer does not do what it is asked."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers or {}


class Gone(Exception):
    """The client went away."""


class Wire:
    """One answer on its way: waits notice at once that the client left."""

    def __init__(self, received: Received, receive: Receive, send: Send) -> None:
        self.received, self._receive, self._send = received, receive, send
        self.chunk_bytes = 0
        """Cut what is sent into pieces of this size; 0: as it comes."""
        self._gone = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self.received.done.is_set():
            self.received.left.set()

    async def head(self, status: int, content_type: str, headers: dict[str, str] | None = None) -> None:
        fields = {"content-type": content_type, **(headers or {})}
        await self._send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(k.encode(), v.encode()) for k, v in fields.items()],
            }
        )

    async def body(self, data: bytes, *, more: bool = True) -> None:
        step = self.chunk_bytes or max(1, len(data))
        for start in range(0, len(data), step):
            self._check()
            await self._send({"type": "http.response.body", "body": data[start : start + step], "more_body": True})
            if self.chunk_bytes:
                await asyncio.sleep(0)
        self.received.sent.set()
        if not more:
            self.received.done.set()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def wait(self, seconds: float) -> None:
        """A pause. Raises Gone as soon as the client leaves."""
        await asyncio.wait({self._gone}, timeout=seconds)
        self._check()

    async def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        kind = "text/html" if isinstance(body, bytes) else "application/json; charset=UTF-8"
        await self.head(status, kind, headers)
        await self.body(raw, more=False)

    def _check(self) -> None:
        if self.received.left.is_set():
            raise Gone

    async def close(self) -> None:
        self.received.done.set()
        self._gone.cancel()
        await asyncio.wait({self._gone})


class HttpPeer:
    """Base: reads requests, keeps them, and lets `reply` answer."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.base_url = ""

    async def reply(self, received: Received, wire: Wire) -> None:
        raise NotImplementedError

    @property
    def asked(self) -> list[Received]:
        """Requests for a reply, without those that only keep a connection warm."""
        return [one for one in self.received if one.method == "POST"]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        received = Received(scope["method"], scope["path"], scope["query_string"].decode(), headers, body)
        self.received.append(received)
        wire = Wire(received, receive, send)
        try:
            await self.reply(received, wire)
        except Refusal as refusal:
            await wire.answer(refusal.status, refusal.body, refusal.headers)
        except Gone:
            pass
        finally:
            await wire.close()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """The address, for as long as the block lasts. It listens before anybody is told the address."""
        # With the protocol named: else asyncio leaves Nagle's algorithm on, and every answer waits 40 ms for an acknowledgement.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            self.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            # uvicorn's protocol without its server, which looks only ten times a second whether it should stop.
            config = uvicorn.Config(self, log_level="critical", lifespan="off", ws="none")
            config.load()
            state = ServerState()
            server = await asyncio.get_running_loop().create_server(
                lambda: H11Protocol(config, state, {}), sock=listening
            )
            try:
                yield self.base_url
            finally:
                server.close()
                for connection in list(state.connections):
                    connection.transport.abort()
                if state.tasks:
                    await asyncio.wait(state.tasks)


def in_schema(schema: dict[str, Any]) -> str:
    """An answer that keeps to a schema: the first of what is allowed, no words."""
    fields = schema["properties"]
    return msgspec.json.encode({name: field.get("enum", [""])[0] for name, field in fields.items()}).decode()


def serve_for_ever(peer: HttpPeer, host: str, port: int) -> None:
    """For a person who wants to point the mirror at it."""
    uvicorn.run(peer, host=host, port=port, log_level="info", lifespan="off", ws="none", timeout_graceful_shutdown=1)
