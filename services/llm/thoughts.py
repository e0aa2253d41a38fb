"""What a reasoning model thinks aloud is not for the visitor. Pure."""

from typing import Literal

OPENS, CLOSES = "<think>", "</think>"


class ThoughtFilter:
    """Takes a reply as it comes and drops `<think>...</think>` at its beginning, however the text is cut into pieces.

    Only there: a model that thinks does it before it speaks, and the characters may be said later on.
    """

    def __init__(self) -> None:
        self._held = ""
        self._state: Literal["beginning", "thinking", "thought", "speaking"] = "beginning"

    def push(self, text: str) -> str:
        """What of it may be said."""
        if self._state == "speaking":
            return text
        self._held = (self._held + text).lstrip()
        if self._state == "beginning" and self._held.startswith(OPENS):
            self._state = "thinking"
        if self._state == "thinking" and CLOSES in self._held:
            self._state, self._held = "thought", self._held.split(CLOSES, 1)[1].lstrip()
        may_become_thought = self._state == "beginning" and OPENS.startswith(self._held[: len(OPENS)])
        if self._state == "thinking" or may_become_thought or not self._held:
            return ""
        return self._speak()

    def finish(self) -> str:
        """What was held because it might have become a thought."""
        return self._speak() if self._state == "beginning" else ""

    def _speak(self) -> str:
        text, self._held, self._state = self._held, "", "speaking"
        return text
