"""What a reasoning model thinks aloud is not for the visitor. Pure."""

MARKS = (("<think>", "</think>"), ("<|channel>", "<channel|>"))
"""How thoughts begin and end: Qwen, DeepSeek and many others; Gemma 4."""


class ThoughtFilter:
    """Takes a reply as it comes and drops the thought at its beginning, however the text is cut into pieces.

    Only there: a model that thinks does it before it speaks, and the characters may be said later on.
    """

    def __init__(self) -> None:
        self._held = ""
        self._closes = ""
        """What ends the thought it is in."""
        self._may_think = True
        self._speaks = False

    def push(self, text: str) -> str:
        """What of it may be said."""
        if self._speaks:
            return text
        self._held = (self._held + text).lstrip()
        if self._may_think:
            self._closes = next((closes for opens, closes in MARKS if self._held.startswith(opens)), "")
        if self._closes and self._closes in self._held:
            self._held = self._held.split(self._closes, 1)[1].lstrip()
            self._closes, self._may_think = "", False
        may_become_thought = self._may_think and any(opens.startswith(self._held[: len(opens)]) for opens, _ in MARKS)
        return "" if self._closes or may_become_thought or not self._held else self._speak()

    def finish(self) -> str:
        """What was held because it might have become a thought."""
        return self._speak() if self._may_think and not self._closes else ""

    def _speak(self) -> str:
        text, self._held, self._speaks = self._held, "", True
        return text
