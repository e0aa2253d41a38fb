"""The conversation as a model is shown it: only what the room heard."""

from services.llm.chat_model import Message, Prompt, Speaker
from services.llm.persona import system_text
from shared.events import Heard, ReplyRequest

SILENCE = "…"
"""Stands for the visitor where there are no words of theirs: servers want them to speak first and last."""


def prompt_of(request: ReplyRequest, history_turns: int) -> Prompt:
    """The prompt for one reply."""
    past = tuple(heard.text for heard in request.history if heard.speaker == "mirror" and heard.text.strip())
    return Prompt(
        system=system_text(request.prompt, request.language),
        messages=messages_of(request.history, request.said, history_turns),
        said=request.said.strip(),
        language=request.language,
        visitor_said=visitor_said(request),
        scene=request.prompt,
        past=past + request.prompt.avoid,
        seed=f"{request.session}:{request.turn}:{request.rev}",
    )


def visitor_said(request: ReplyRequest) -> tuple[str, ...]:
    """Every utterance of the visit, the one to be answered last."""
    return (*(heard.text for heard in request.history if heard.speaker == "visitor"), request.said)


def messages_of(history: tuple[Heard, ...], said: str, history_turns: int) -> tuple[Message, ...]:
    """The last stretches of the conversation and what was just said.

    The mirror's stretches are the words that left the loudspeaker: what was cut off is not there, and no mark tells that
    something was cut (models imitate such marks). Stretches of one speaker in a row become one.
    """
    messages: list[Message] = []
    for heard in (*history, Heard(speaker="visitor", text=said.strip() or SILENCE)):
        text = heard.text.strip()
        speaker: Speaker = "mirror" if heard.speaker == "mirror" else "visitor"
        if messages and messages[-1].speaker == speaker:
            text = f"{messages.pop().text} {text}".strip()
        if text:
            messages.append(Message(speaker=speaker, text=text))
    messages = messages[-history_turns:]
    if messages and messages[0].speaker == "mirror":
        messages.insert(0, Message(speaker="visitor", text=SILENCE))
    return tuple(messages)
