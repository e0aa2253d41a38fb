"""How the stages are, from their heartbeats. Pure: heartbeats and the time go in, health comes out."""

from shared.events import Heartbeat

SILENT_S = 2.0
"""A worker that has not been heard for this long is away: four missed beats."""

GONE_S = 30.0
"""A worker that has been away for this long is taken off the board."""


class Board:
    """The newest heartbeat of every worker, and when its engine last had to be covered for."""

    def __init__(self) -> None:
        self._beats: dict[str, Heartbeat] = {}
        self._covered_at: dict[str, float] = {}

    def note(self, beat: Heartbeat) -> None:
        """A worker was heard."""
        before = self._beats.get(beat.worker)
        # A second engine that stepped in for one clause leaves no state behind: only its count has grown.
        if before and beat.fallbacks > before.fallbacks:
            self._covered_at[beat.worker] = beat.at
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
        self._covered_at = {name: at for name, at in self._covered_at.items() if name in self._beats}
        beats = sorted(self._beats.values(), key=lambda beat: (beat.stage, now - beat.at > SILENT_S, beat.worker))
        live = {beat.stage for beat in beats if now - beat.at < SILENT_S}
        shown = [beat for beat in beats if beat.stage not in live or now - beat.at < SILENT_S]
        return [_row(beat, self._covered_at.get(beat.worker), now) for beat in shown]


def _row(beat: Heartbeat, covered_at: float | None, now: float) -> dict[str, object]:
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
        "covered_ago_s": None if covered_at is None else round(now - covered_at, 1),
        "last_error": beat.last_error,
        "detail": beat.detail,
        "age_s": round(age_s, 2),
    }
