"""What F5 speaks in."""

from contextlib import suppress

from services.tts.engines.f5.speech import VoicePrint
from shared.errors import EngineFailed


class F5Voice:
    """A voice, until it is forgotten."""

    def __init__(self, name: str, heard: VoicePrint, pace: float) -> None:
        self.name = name
        self.print: VoicePrint | None = heard
        self.pace = heard.pace * pace
        self.gain = 1.0

    def heard(self) -> VoicePrint:
        """What is kept of it. Raises EngineFailed once it is forgotten."""
        if self.print is None:
            raise EngineFailed("f5: this voice is forgotten")
        return self.print

    def forget(self) -> None:
        """Overwrite it: letting go alone leaves it in memory."""
        heard, self.print = self.print, None
        if heard is not None:
            with suppress(
                RuntimeError
            ):  # a GPU whose context is lost: its memory goes with the process, which ends then
                heard.frames.zero_()
