"""The port: a model that answers, piece by piece.

An engine turns whatever its peer does into the endings below; exceptions it cannot name become `EngineFailed`. To stop a
stream, cancel the task that iterates it (`services/llm/pump.py` does): breaking out of the loop leaves some clients'
connection open until the garbage collector comes by.
"""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol

import msgspec

from shared.events import ScenePrompt

Ending = Literal[
    "stop",
    "length",
    "blocked_prompt",
    "blocked_output",
    "empty",
    "cut",
    "timeout",
    "rate",
    "overload",
    "auth",
    "config",
]
"""How a model can end, finer than the play needs: what a fallback decides by and what the log says."""

BLOCKED: frozenset[Ending] = frozenset({"blocked_prompt", "blocked_output"})
"""A verdict, not a failure: no other model may answer in spite of it, only words that a person wrote."""

WELL: frozenset[Ending] = BLOCKED | {"stop", "length"}
"""Endings of a model that works as it should."""

REPLY_REASON: dict[Ending, str] = {
    "stop": "done", "length": "too_long", "blocked_prompt": "blocked", "blocked_output": "blocked", "empty": "empty",
    "cut": "failed", "timeout": "timeout", "rate": "failed", "overload": "failed", "auth": "failed", "config": "failed",
}  # fmt: skip
"""The same in the vocabulary of `ReplyEnded.reason`."""


Speaker = Literal["visitor", "mirror"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of the conversation; two in a row never have the same speaker."""

    speaker: Speaker
    text: str


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an engine may need for one reply; an engine uses the parts it understands."""

    system: str
    """Who speaks and how, stable parts first: a server that caches prefixes can reuse them."""
    messages: tuple[Message, ...]
    """The conversation, oldest first; the first and the last are the visitor's."""
    said: str
    """What is to be answered, as the visitor said it: the visitor's own words only."""
    language: str
    scene: ScenePrompt
    visitor_said: tuple[str, ...] = ()
    """Every utterance of this visit, `said` last: for what may not be said back."""
    past: tuple[str, ...] = ()
    """Everything the mirror said in this visit so far, improvised or from the play: not to be said again."""
    seed: str = ""
    """Same seed, same reply, where an engine is deterministic."""


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """Some more text: any number of characters, not cut at words."""

    text: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The last piece of every stream."""

    ending: Ending
    engine: str
    """The engine that spoke: with `fallback`, the one inside."""
    is_fallback: bool = False
    """Another engine than the first choice spoke."""
    retry_after_s: float = 0.0
    """With `rate`: the server asked to be left alone for so long; 0 if it did not say."""
    tokens: int = 0
    """Tokens of text in this reply as the server counted them; 0 if it did not."""


Piece = Delta | Ended


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine says of itself."""

    name: str
    is_deterministic: bool
    """The same prompt gives the same pieces, in another process too."""
    device: str = "cpu"
    version: str = ""
    languages: tuple[str, ...] = ()
    """Languages it can answer in; empty: any."""
    is_authored: bool = False
    """It says only lines that a person wrote: it may answer where another model refused to."""


class ChatModel(Protocol):
    """Answers a visitor. Shared by all visits: keeps nothing of a conversation between calls."""

    @property
    def about(self) -> About:
        """What it is; known before warm-up."""
        ...

    @property
    def fallbacks(self) -> int:
        """How often a second choice had to speak since the start; 0 for an engine that wraps none."""
        ...

    @property
    def trouble(self) -> str:
        """Why it is not at its best just now (a first choice that rests), or empty."""
        ...

    async def warm_up(self) -> None:
        """Load and give one real reply. Raises EngineUnavailable."""
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """The reply: any number of Deltas, then one Ended.

        Raises:
            EngineFailed: The engine broke in a way that has no ending of its own.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and memory."""
        ...
