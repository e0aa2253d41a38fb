"""One step of the director in the making: the state so far and the orders so far, and the smallest things done to them."""

from typing import Any

import msgspec

from services.session.director_state import AGAIN, DueLine, PlayState
from services.session.play import Line, Scene
from services.session.play_events import AnyOrder, CancelReply

COPY_LOOKS = ("crossing", "copy")

CATCHING_UP_S = 3.0
"""So long after asr came back it may still be hearing what was said while it was away."""


class Beat:
    """Collects what one step changes and orders. Lives only within `director.step`, which stays a pure function."""

    def __init__(self, state: PlayState) -> None:
        self.state = state
        self.orders: list[AnyOrder] = []

    @property
    def now(self) -> float:
        """Seconds since the visit began."""
        return self.state.now

    @property
    def here(self) -> Scene:
        """The scene being played."""
        return self.state.here()

    def change(self, **fields: Any) -> None:
        """Replace fields of the state."""
        self.state = msgspec.structs.replace(self.state, **fields)

    def order(self, *orders: AnyOrder) -> None:
        """Append orders."""
        self.orders.extend(orders)

    def need(self, line: str, *, is_must: bool = False, is_next: bool = False) -> None:
        """A line is to be said when the floor is free: next of all, or after those already due."""
        due = DueLine(line=line, is_must=is_must, since=self.now)
        rest = self.state.due
        self.change(due=(due, *rest) if is_next else (*rest, due), used=(*self.state.used, line))

    def know(self, *facts: str) -> None:
        """Facts hold from now on."""
        self.change(facts=tuple(dict.fromkeys((*self.state.facts, *facts))))

    def cancel_reply(self) -> None:
        """Drop the reply that is being made or spoken, if there is one."""
        if self.state.answering is not None:
            self.order(CancelReply())
            self.change(answering=None, quiet_since=self.now)

    def is_floor_free(self) -> bool:
        """Nobody speaks, and nothing that somebody said is still to be understood."""
        state = self.state
        return (
            not is_missing_words(state)
            and state.saying is None
            and state.answering is None
            and not state.is_visitor_speaking
            and not awaits_words(state)
        )


def is_missing_words(state: PlayState) -> bool:
    """A voice is being gathered and asr is away, or has just come back: what is said now is heard later, and not lost."""
    is_deaf = "asr" in state.downs or state.now < state.ears_back_at + CATCHING_UP_S
    return is_deaf and state.voice.status == "on"


def awaits_words(state: PlayState) -> bool:
    """The visitor has just spoken: the words, or what they decide, are on their way."""
    decides = state.pending is not None and state.pending.decides
    return decides or state.now < state.words_until


def has_voice(state: PlayState) -> bool:
    """The copy speaks with the visitor's voice."""
    return "voice" in state.facts


def voice_of(state: PlayState, line: Line, speaker: str) -> str:
    """Host or self: whose voice a line is said in, in a scene of `speaker`."""
    is_copys = line.voice == "self" or (line.voice == "scene" and speaker == "self")
    return "self" if is_copys and has_voice(state) else "host"


def wording(state: PlayState, name: str, *, is_again: bool, speaker: str) -> tuple[str, str, str]:
    """(id to order it under, words, voice) of a line.

    Args:
        state: The visit.
        name: Id of the line.
        is_again: It was cut before: the shorter words, if it has any.
        speaker: Of the scene it is said in.
    """
    line, language = state.play.lines[name], state.language
    voice = voice_of(state, line, speaker)
    if is_again and language in line.again:
        return name + AGAIN, line.again[language], voice
    is_copys = line.voice == "self" or (line.voice == "scene" and speaker == "self")
    words = line.unvoiced if is_copys and voice == "host" and language in line.unvoiced else line.text
    return name, words[language], voice
