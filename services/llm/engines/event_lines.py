"""Server-sent events in the one dialect that Google's client reads.

It takes only lines of `data: ` for content and every other line for a piece of an error. The standard allows more, and proxies
and other people's servers use it: comments to keep the line open, names and numbers of events, no space behind the colon, a
closing `[DONE]`. One comment would otherwise cost the whole reply.

Source: WHATWG HTML, 9.2.6, interpreting an event stream.
"""

from collections.abc import AsyncIterator

import httpx2

_DROPPED = (b":", b"event:", b"id:", b"retry:")
_DONE = b"data: [DONE]"
_MARK = b"\xef\xbb\xbf"


def plain(line: bytes) -> bytes | None:
    """One line, without its end, as the client reads it; None if it says nothing to it."""
    line = line.removeprefix(_MARK)
    if line.startswith(_DROPPED):
        return None
    if line.startswith(b"data:") and not line.startswith(b"data: "):
        line = b"data: " + line[5:]
    return None if line.rstrip() == _DONE else line


class EventLines(httpx2.AsyncByteStream):
    """A response's body, line by line; nothing is held back but a line that has no end yet."""

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        rest = b""
        async for piece in self._body:
            *lines, rest = (rest + piece).split(b"\n")
            if said := b"".join(_with_end(line) for line in lines):
                yield said
        if rest and (last := plain(rest)) is not None:
            yield last

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._body.aclose()


def _with_end(line: bytes) -> bytes:
    said = plain(line.removesuffix(b"\r"))
    return b"" if said is None else said + b"\n"


def read_plainly(response: httpx2.Response) -> None:
    """Let the client read it so, if it is a stream of events as it is, not compressed."""
    is_events = response.headers.get("content-type", "").startswith("text/event-stream")
    if is_events and "content-encoding" not in response.headers and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = EventLines(response.stream)
