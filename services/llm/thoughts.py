"""What a reasoning model thinks aloud is not for the visitor. Pure."""

OPENS, CLOSES = "<think>", "</think>"


class ThoughtFilter:
    """Takes a reply as it comes and drops `<think>...</think>` at its beginning, however the text is cut into pieces.

    Only there: a model that thinks does it before it speaks, and the characters may be said later on.
    """

    def __init__(self) -> None:
        self._held = ""
        self._state = "unknown"

    def push(self, text: str) -> str:
        """What of it may be said."""
        if self._state == "speaking":
            return text
        self._held = (self._held + text).lstrip()
        if self._state == "unknown" and not OPENS.startswith(self._held[: len(OPENS)]):
            return self._speak(self._held)
        if self._held.startswith(OPENS):
            self._state = "thinking"
        if self._state == "thinking" and CLOSES in self._held:
            return self._speak(self._held.split(CLOSES, 1)[1].lstrip())
        return ""

    def finish(self) -> str:
        """What was held because it might have become a thought."""
        return self._speak(self._held) if self._state == "unknown" else ""

    def _speak(self, text: str) -> str:
        self._state, self._held = "speaking", ""
        return text
