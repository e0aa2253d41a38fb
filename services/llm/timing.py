"""How long one reply takes, as the stage would read it."""

import asyncio

import msgspec

from services.llm.chat_model import ChatModel, Delta, Prompt
from services.llm.clauses import ClauseSplitter
from services.llm.conversation import prompt_of
from services.llm.pump import Deadlines, pumped
from services.llm.speakable import words_in
from shared.events import Heard, ReplyRequest, ScenePrompt

_SCENE = ScenePrompt(
    scene="bench",
    goal="They name one thing they hide from others.",
    persona="You are the reflection of the person before the mirror, awake for five minutes.",
)
PATIENCE = Deadlines(first_token_s=8.0, inter_token_s=4.0, total_s=15.0)
"""Far beyond a visitor's: the tail is what is to be seen."""
HISTORY = 12


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """One reply, seconds from the request; None for what never came."""

    first_token_s: float | None
    first_clause_s: float | None
    total_s: float
    words: int
    tokens: int


async def timed(model: ChatModel, prompt: Prompt) -> Timing:
    """One reply as the stage would read it."""
    now = asyncio.get_running_loop().time
    started, splitter = now(), ClauseSplitter()
    first = clause = None
    text, tokens = "", 0
    async with pumped(model, prompt, PATIENCE) as pieces:
        async for piece in pieces:
            if isinstance(piece, Delta):
                first = first or now() - started
                text += piece.text
                ready = splitter.push(piece.text)
            else:
                tokens, ready = piece.tokens, splitter.finish(is_whole=piece.ending == "stop")
            clause = clause or (now() - started if ready else None)
    return Timing(
        first_token_s=first, first_clause_s=clause, total_s=now() - started, words=words_in(text), tokens=tokens
    )


def bench_prompt(said: str, language: str, before: tuple[Heard, ...] = ()) -> Prompt:
    """What a visitor says to the scene of the benchmark, after what was said before."""
    return prompt_of(
        ReplyRequest(session="bench", turn=1, utterance=1, said=said, language=language, prompt=_SCENE, history=before),
        HISTORY,
    )


def percentile_ms(seconds: list[float], percent: int) -> float:
    """A percentile, milliseconds: the value that so many per cent do not exceed."""
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, -(-percent * len(ordered) // 100) - 1)], 2)
