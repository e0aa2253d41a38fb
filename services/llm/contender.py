"""One engine's run at a reply, held back until it has a whole clause: only then is it known who speaks."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack

from services.llm.chat_model import ChatModel, Ended, Piece, Prompt
from services.llm.clauses import ClauseSplitter
from services.llm.pump import Deadlines, pumped


class Contender:
    """Reads an engine's stream. Whoever opens one closes it: that frees the engine's connection."""

    def __init__(self, model: ChatModel) -> None:
        self.model = model
        self.has_text = False
        self.has_clause = False
        """Whether it may speak: a first clause is whole, or all it has to say is there."""
        self.ended: Ended | None = None
        self._held: list[Piece] = []
        self._pieces: AsyncIterator[Piece]
        self._stack = AsyncExitStack()
        self.ready: asyncio.Task[None]
        """Done once it has a clause, or ended without one."""

    async def open(self, prompt: Prompt, deadlines: Deadlines) -> None:
        """Start the engine, and start to read."""
        self._pieces = await self._stack.enter_async_context(pumped(self.model, prompt, deadlines))
        self.ready = asyncio.create_task(self._read())

    async def _read(self) -> None:
        splitter = ClauseSplitter()
        async for piece in self._pieces:
            self._held.append(piece)
            if isinstance(piece, Ended):
                self.ended = piece
                may_speak = piece.ending != "blocked_output"
                self.has_clause = may_speak and bool(splitter.finish(is_whole=piece.ending in {"stop", "length"}))
            else:
                self.has_text = True
                self.has_clause = bool(splitter.push(piece.text))
            if self.has_clause or self.ended:
                return

    async def speak(self) -> AsyncGenerator[Piece, None]:
        """Everything from the beginning, once it has a clause."""
        for piece in self._held:
            yield piece
        if self.ended:
            return
        async for piece in self._pieces:
            if isinstance(piece, Ended):
                self.ended = piece
            yield piece

    @property
    def has_only_text(self) -> bool:
        """It said something, but no clause of it is whole."""
        return self.has_text and not self.has_clause

    async def close(self) -> None:
        """Stop reading, stop the engine."""
        self.ready.cancel()
        await asyncio.wait({self.ready})
        await self._stack.aclose()
