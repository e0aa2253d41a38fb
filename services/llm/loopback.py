"""A server that answers at once, to measure what a client costs: `python -m services.llm.loopback` prints its port.

It speaks just enough of both wires for our own engines, and runs in a process of its own, so that its work is not taken for theirs.
"""

import asyncio
import json
import re

PIECES = ("I heard you ", "say it out loud, ", "and something in me leaned closer. ", "What is it that you keep back?")


def _gemini(text: str, *, is_last: bool) -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if is_last:
        candidate["finishReason"] = "STOP"
    return {"candidates": [candidate], "modelVersion": "loopback", "usageMetadata": {"candidatesTokenCount": 24}}


def _openai(text: str, *, is_last: bool) -> dict[str, object]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": "stop" if is_last else None}
    return {"object": "chat.completion.chunk", "model": "loopback", "choices": [choice]}


def _events(path: str) -> list[bytes]:
    """The whole answer, an event an item."""
    chunk = _gemini if "streamGenerateContent" in path else _openai
    bodies = [json.dumps(chunk(text, is_last=text is PIECES[-1])) for text in PIECES]
    return [f"data: {body}\r\n\r\n".encode() for body in bodies + ([] if chunk is _gemini else ["[DONE]"])]


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Requests of one connection, one after another."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            path = head.split(" ", 2)[1]
            if head.startswith("GET"):
                body = b'{"data": [{"id": "loopback"}], "name": "models/loopback"}'
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
                )
                writer.write(body)
                continue
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            for event in _events(path):
                writer.write(b"%x\r\n%s\r\n" % (len(event), event))
                await writer.drain()
            writer.write(b"0\r\n\r\n")
    except asyncio.IncompleteReadError:
        writer.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how its starter learns the port
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
