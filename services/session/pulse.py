"""What a visit's shell notices at every tick: stages that went away or came back, and a kiosk that has been gone too long. Pure."""

from collections.abc import Iterator, Set

from services.session.play_events import StageDown, StageUp, Told, VisitorLeft

STAGES = ("asr", "llm", "tts", "a2f_bridge", "faceswap")


class Pulse:
    """Of one visit."""

    def __init__(self, away_s: float) -> None:
        """`away_s`: a kiosk whose connection is gone for this long has no visitor any more."""
        self._away_s = away_s
        self._away_since = 0.0
        self._is_up: dict[str, bool] = {}

    def beat(self, now: float, ready: Set[str], *, is_connected: bool) -> Iterator[Told]:
        """What the director must be told now.

        Args:
            now: Host clock, seconds.
            ready: Stages that are ready.
            is_connected: The kiosk's page is there.
        """
        for stage in STAGES:
            is_up = stage in ready
            if self._is_up.get(stage, True) != is_up:
                yield StageUp(stage=stage) if is_up else StageDown(stage=stage)
            self._is_up[stage] = is_up
        if is_connected:
            self._away_since = 0.0
        elif not self._away_since:
            self._away_since = now
        elif now - self._away_since > self._away_s:
            self._away_since = now
            yield VisitorLeft()
