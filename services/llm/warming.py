"""One real reply before the first visitor: it opens the connection, imports what is imported late, and proves the settings."""

import asyncio

from services.llm.chat_model import ChatModel, Delta, Ended, Ending, Prompt
from services.llm.conversation import prompt_of
from services.llm.pump import Deadlines, pumped
from shared.errors import EngineUnavailable
from shared.events import ReplyRequest, ScenePrompt

_SCENE = ScenePrompt(
    scene="warm", goal="They woke you. Answer in two words.", persona="You are a mirror that wakes.", max_words=4
)
WARM_PROMPT: Prompt = prompt_of(
    ReplyRequest(session="warm", turn=0, utterance=0, said="Are you there?", language="en", prompt=_SCENE), 1
)
"""No visitor's words: what a peer says about this request may be shown."""

CURES: dict[Ending, str] = {
    "rate": "wait, or raise the quota of the project",
    "overload": "the peer is up but cannot answer now: it is tried again",
    "auth": "set the key in the environment (.env.example says which), and see that it is valid and its project is billed",
    "config": "see model, base_url and api_version in the engine's options: the peer refused the request as it is",
    "timeout": "see that the peer is reachable and not overloaded; the first reply of a local server may take long: warm_up_s",
    "cut": "see that the peer runs, and at this address",
    "empty": "the peer answered with no words: another model, or less thinking",
    "blocked_prompt": "the safety settings refuse even a greeting: safety",
    "blocked_output": "the safety settings refuse even a greeting: safety",
}
"""What to do about an ending that kept an engine from getting warm."""


async def first_token_s(model: ChatModel, limit_s: float) -> tuple[float, Ended]:
    """Give one real reply.

    Returns:
        Seconds to its first text, and how it ended; inf if there was no text.
    """
    now = asyncio.get_running_loop().time
    started, first = now(), float("inf")
    deadlines = Deadlines(first_token_s=limit_s, inter_token_s=limit_s, total_s=limit_s)
    ended = Ended(ending="cut", engine=model.about.name)
    async with pumped(model, WARM_PROMPT, deadlines) as pieces:
        async for piece in pieces:
            if isinstance(piece, Delta):
                first = min(first, now() - started)
            else:
                ended = piece
    return first, ended


async def warm(model: ChatModel, limit_s: float) -> None:
    """Give one real reply, or say why not.

    Raises:
        EngineUnavailable: It did not end as it should; with what to do.
    """
    _, ended = await first_token_s(model, limit_s)
    if ended.ending not in {"stop", "length"}:
        why = model.trouble or f"ended as {ended.ending}"
        raise EngineUnavailable(f"{model.about.name} at {model.about.device}: {why}; {CURES[ended.ending]}")
