"""Engines of the llm stage on local peers, in real time: sockets know no other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.llm.chat_model import ChatModel, Delta, Ended, Prompt
from services.llm.config import LlmConfig
from services.llm.engines import ENGINES
from services.llm.pump import Deadlines, pumped
from tests.peers import gemini, openai
from tests.peers.http_peer import HttpPeer
from tests.support.llm_improviser import prompt

PATIENT = Deadlines(first_token_s=5.0, inter_token_s=5.0, total_s=10.0)
SILENT = Deadlines(first_token_s=0.05, inter_token_s=5.0, total_s=10.0)
"""For a peer that never begins."""
STALLED = Deadlines(first_token_s=5.0, inter_token_s=0.05, total_s=10.0)
"""For a peer that begins, however busy this machine is, and then stops."""


def open_gemini(**options: Any) -> ChatModel:
    return ENGINES.open(LlmConfig(engine="gemini", options={"gemini": {"keep_warm_s": 0, **options}}))


def open_compatible(**options: Any) -> ChatModel:
    options = {"keep_warm_s": 0, **options}
    return ENGINES.open(LlmConfig(engine="openai_compatible", options={"openai_compatible": options}))


@asynccontextmanager
async def asking(peer: HttpPeer, **options: Any) -> AsyncIterator[ChatModel]:
    """An engine on this peer, both gone afterwards. Set the keys first: `with_keys`."""
    async with peer.serving() as base_url:
        opened = open_gemini if isinstance(peer, gemini.GeminiPeer) else open_compatible
        model = opened(base_url=base_url, **options)
        try:
            yield model
        finally:
            await model.close()


def with_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys the peers expect, and nothing of the machine's own."""
    for name in ("GOOGLE_API_KEY", "OPENAI_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GEMINI_API_KEY", gemini.KEY)


async def ask(
    model: ChatModel, said: str | Prompt = "I am afraid of the dark.", deadlines: Deadlines = PATIENT
) -> tuple[str, Ended]:
    """The text of one reply and how it ended, as the stage would read it."""
    text, ended = "", None
    async with pumped(model, prompt(said) if isinstance(said, str) else said, deadlines) as pieces:
        async for piece in pieces:
            if isinstance(piece, Delta):
                text += piece.text
            else:
                ended = piece
    assert ended is not None
    return text, ended


async def soon(event: asyncio.Event) -> None:
    """It happens, or the test fails."""
    async with asyncio.timeout(5.0):
        await event.wait()


__all__ = [
    "PATIENT",
    "SILENT",
    "STALLED",
    "ask",
    "asking",
    "gemini",
    "open_compatible",
    "open_gemini",
    "openai",
    "soon",
    "with_keys",
]
