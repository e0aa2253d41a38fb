"""A model's stream under deadlines, in a task of its own so that stopping it frees its connection at once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import msgspec

from services.llm.chat_model import ChatModel, Ended, Piece, Prompt
from shared.errors import EngineFailed

LOG = logging.getLogger(__name__)

PIECES_THEN_STOP = 512
"""A reply of more pieces than this, unread, is a runaway: the stream is stopped there. No reply comes near it."""


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait for a model, seconds. HTTP clients time single reads only, so the whole is ours to time."""

    first_token_s: float
    inter_token_s: float
    total_s: float


@asynccontextmanager
async def pumped(model: ChatModel, prompt: Prompt, deadlines: Deadlines) -> AsyncIterator[AsyncIterator[Piece]]:
    """The model's pieces, the last always an Ended: the engine's own, `timeout`, or `cut` if it broke.

    Leaving the block, in whatever way, cancels the task that reads from the model. It sits inside the engine's own await
    almost always, so the engine sees the cancellation there and lets go of its peer.
    """
    queue: asyncio.Queue[Piece] = asyncio.Queue(PIECES_THEN_STOP + 1)
    pump = asyncio.create_task(_pump(model, prompt, queue))
    try:
        yield _read(queue, deadlines, model.about.name)
    finally:
        pump.cancel()
        await asyncio.wait((pump,))
    if not pump.cancelled():
        pump.result()  # an exception that is no EngineFailed is a bug of the engine, and the runner's to report


async def _pump(model: ChatModel, prompt: Prompt, queue: asyncio.Queue[Piece]) -> None:
    """Never waits for the reader: only the engine's await may hold it, see `pumped`."""
    engine = model.about.name
    try:
        async with aclosing(model.stream(prompt)) as pieces:
            async for piece in pieces:
                queue.put_nowait(piece)
                if queue.qsize() == PIECES_THEN_STOP:
                    queue.put_nowait(Ended(ending="length", engine=engine))
                if queue.full() or isinstance(piece, Ended):
                    return
    except EngineFailed as error:
        LOG.warning("the model broke off", extra={"engine": engine, "error": str(error)})
    queue.put_nowait(Ended(ending="cut", engine=engine))


async def _read(queue: asyncio.Queue[Piece], deadlines: Deadlines, engine: str) -> AsyncIterator[Piece]:
    now = asyncio.get_running_loop().time
    latest = now() + deadlines.total_s
    patience_s = deadlines.first_token_s
    while True:
        piece: Piece
        try:
            async with asyncio.timeout_at(min(latest, now() + patience_s)):
                piece = await queue.get()
        except TimeoutError:
            piece = Ended(ending="timeout", engine=engine)
        yield piece
        if isinstance(piece, Ended):
            return
        patience_s = deadlines.inter_token_s
