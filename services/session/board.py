"""How the stages are, from their heartbeats. Pure: heartbeats and the time go in, health comes out."""

from shared.events import VOCABULARY, Heartbeat

SILENT_S = 2.0
"""A worker that has not been heard for this long is away: four missed beats."""

BEHIND_S = 1.0
"""A worker whose oldest event has waited for this long has more than it can do."""

GONE_S = 30.0
"""A worker that has been away for this long is taken off the board, unless it is the last that did its work."""


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

    def ready(self, now: float, kiosk: str = "") -> set[str]:
        """Stages with at least one worker that can work now; for a visit of `kiosk`, if one is named."""
        return {
            beat.stage
            for beat in self._beats.values()
            if _state(beat, now) in ("ready", "degraded") and (not kiosk or not beat.kiosks or kiosk in beat.kiosks)
        }

    def refused(self, now: float) -> dict[str, str]:
        """Stage -> why, of workers that are there but speak another version of events."""
        return {beat.stage: refusal(beat) for beat in self._beats.values() if _state(beat, now) == "refused"}

    def load(self, now: float, visits: int) -> dict[str, dict[str, float]]:
        """How much each stage has to do, for whoever decides how many workers there are.

        Args:
            now: House clock, seconds.
            visits: Open now; every stage works for each.

        Returns:
            Per stage: `workers`, the `visits` that want one, `lag_s` of the slowest, and `wanted`, which counts a visit twice
            where its worker is behind.
        """
        beats = [beat for beat in self._beats.values() if now - beat.at < SILENT_S]
        found: dict[str, dict[str, float]] = {}
        for stage in sorted({beat.stage for beat in beats}):
            workers = [beat for beat in beats if beat.stage == stage]
            behind = sum(len(beat.sessions) for beat in workers if beat.lag_s > BEHIND_S)
            lag_s = round(max(beat.lag_s for beat in workers), 3)
            found[stage] = {"workers": len(workers), "visits": visits, "lag_s": lag_s, "wanted": visits + behind}
        return found

    def rows(self, now: float) -> list[dict[str, object]]:
        """One row a worker, for the operator's page. One that is gone is shown until another has its work."""
        newest = {_work(beat): beat.worker for beat in sorted(self._beats.values(), key=lambda beat: beat.at)}
        self._beats = {
            name: beat
            for name, beat in self._beats.items()
            if now - beat.at < GONE_S or name == newest[_work(beat)]  # its last words stand until somebody else speaks
        }
        self._covered_at = {name: at for name, at in self._covered_at.items() if name in self._beats}
        beats = sorted(self._beats.values(), key=lambda beat: (*_work(beat), beat.worker))
        at_work = {_work(beat) for beat in beats if _is_heard(beat, now) and beat.state != "failed"}
        shown = [
            beat
            for beat in beats
            if (_is_heard(beat, now) and beat.state != "failed")
            or (_work(beat) not in at_work and beat.worker == newest[_work(beat)])
        ]
        return [_row(beat, self._covered_at.get(beat.worker), now) for beat in shown]


def _work(beat: Heartbeat) -> tuple[str, tuple[str, ...]]:
    """What a worker does, and for which kiosks: who does the same for another mirror is no substitute."""
    return beat.stage, beat.kiosks


def _is_heard(beat: Heartbeat, now: float) -> bool:
    return now - beat.at < SILENT_S


def refusal(beat: Heartbeat) -> str:
    """Why a worker may not work here; empty if it may."""
    if beat.vocabulary == VOCABULARY:
        return ""
    return f"speaks events {beat.vocabulary}, this mirror events {VOCABULARY}; run both from the same release"


def _state(beat: Heartbeat, now: float) -> str:
    if beat.state != "failed" and not _is_heard(beat, now):
        return "away"
    is_working = beat.state in ("ready", "degraded")
    return "refused" if refusal(beat) and is_working else beat.state


def _row(beat: Heartbeat, covered_at: float | None, now: float) -> dict[str, object]:
    age_s = now - beat.at
    return {
        "stage": beat.stage,
        "worker": beat.worker,
        "state": _state(beat, now),
        "engine": beat.engine,
        "device": beat.device,
        "version": beat.version,
        "warm_s": round(beat.warm_s, 2),
        "sessions": len(beat.sessions),
        "lag_s": round(beat.lag_s, 3),
        "restarts": beat.restarts,
        "failures": beat.failures,
        "fallbacks": beat.fallbacks,
        "covered_ago_s": None if covered_at is None else round(now - covered_at, 1),
        "last_error": refusal(beat) or beat.last_error,
        "detail": beat.detail,
        "kiosks": list(beat.kiosks),
        "age_s": round(age_s, 2),
    }
