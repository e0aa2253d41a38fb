"""Who has the floor: duck at a sound, pause if it goes on, decide by words.

Voice activity alone never cancels the mirror: a cough ducks it and it goes on where it was.
"""

import enum

from services.session.config import TurnConfig


class Verdict(enum.Enum):
    """What to do about the overlap now."""

    NOTHING = "nothing"
    PAUSE = "pause"
    RESUME = "resume"


class Floor:
    """Whether the visitor speaks, and what that means while the mirror does. Times are host clock seconds."""

    def __init__(self, config: TurnConfig) -> None:
        self._config = config
        self.visitor_speaking = False
        self.visitor_since = 0.0
        """When `visitor_speaking` last changed."""
        self.ducked_at = 0.0
        """When the present overlap began; 0: there is none."""
        self.is_paused = False

    def visitor(self, *, is_speaking: bool, now: float) -> None:
        """Voice activity changed."""
        self.visitor_speaking, self.visitor_since = is_speaking, now

    def overlap(self, now: float) -> None:
        """The visitor made a sound over the mirror."""
        self.ducked_at, self.is_paused = now, False

    def clear(self) -> None:
        """The overlap is decided, or the mirror's turn is over."""
        self.ducked_at, self.is_paused = 0.0, False

    def decide(self, now: float) -> Verdict:
        """What the clock says about an overlap in which no word has been understood yet."""
        if not self.ducked_at:
            return Verdict.NOTHING
        since = now - self.ducked_at
        quiet_s = 0.0 if self.visitor_speaking else now - self.visitor_since
        if since >= self._config.verdict_s and (quiet_s >= self._config.pause_after_s or not self.visitor_speaking):
            return Verdict.RESUME
        if since >= 3 * self._config.verdict_s:
            return Verdict.RESUME  # a long noise without a word in it: music, a door, a crowd
        if not self.is_paused and self.visitor_speaking and since >= self._config.pause_after_s:
            self.is_paused = True
            return Verdict.PAUSE
        return Verdict.NOTHING
