"""How the stages are, from their heartbeats. Pure: heartbeats and the time go in, health comes out."""

from shared.events import Heartbeat

SILENT_S = 2.0
"""A worker that has not been heard for this long is away: four missed beats."""

GONE_S = 30.0
"""A worker that has been away for this long is taken off the board."""


class Board:
    """The newest heartbeat of every worker."""

    def __init__(self) -> None:
        self._beats: dict[str, Heartbeat] = {}

    def note(self, beat: Heartbeat) -> None:
        """A worker was heard."""
        self._beats[beat.worker] = beat

    def ready(self, now: float) -> set[str]:
        """Stages with at least one worker that can work now."""
        return {
            beat.stage
            for beat in self._beats.values()
            if beat.state in ("ready", "degraded") and now - beat.at < SILENT_S
        }

    def rows(self, now: float) -> list[dict[str, object]]:
        """One row a worker, for the operator's page; a stage's live workers first."""
        self._beats = {name: beat for name, beat in self._beats.items() if now - beat.at < GONE_S}
        beats = sorted(self._beats.values(), key=lambda beat: (beat.stage, now - beat.at > SILENT_S, beat.worker))
        live = {beat.stage for beat in beats if now - beat.at < SILENT_S}
        return [_row(beat, now) for beat in beats if beat.stage not in live or now - beat.at < SILENT_S]


def _row(beat: Heartbeat, now: float) -> dict[str, object]:
    age_s = now - beat.at
    return {
        "stage": beat.stage,
        "worker": beat.worker,
        "state": beat.state if age_s < SILENT_S else "away",
        "engine": beat.engine,
        "device": beat.device,
        "version": beat.version,
        "warm_s": round(beat.warm_s, 2),
        "sessions": len(beat.sessions),
        "lag_s": round(beat.lag_s, 3),
        "failures": beat.failures,
        "fallbacks": beat.fallbacks,
        "last_error": beat.last_error,
        "age_s": round(age_s, 2),
    }
