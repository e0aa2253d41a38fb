"""From the levels of one window to what the mouth does in it."""

from typing import NamedTuple

from services.a2f_bridge.lipsync.bands import HOP_HZ, Levels
from services.a2f_bridge.lipsync.norms import RunningNorm, RunningPeak, ramp

FLOOR_DB = -62.0
"""Below this nothing is speech."""


class Articulation(NamedTuple):
    """What the mouth does in one window; 0..1, except `f1_db`."""

    jaw: float
    """How far the jaw opens, of what this voice does at most."""
    rounding: float
    spread: float
    hiss: float
    """s, z: teeth together."""
    hush: float
    """sh, ch: lips forward."""
    murmur: float
    """m, n: voice through the nose."""
    activity: float
    """Whether there is speech at all."""
    f1_db: float
    """Level of the first formant's band; a hole in it is a closed mouth."""


class Ear:
    """Listens to one voice, and gets to know it."""

    def __init__(self) -> None:
        self._peak = RunningPeak(start_db=-26.0, per_second=HOP_HZ, lowest_db=-50.0)
        self._openness = RunningNorm(-2.0, 6.0)
        self._frontness = RunningNorm(-4.0, 6.0)
        self._darkness = RunningNorm(18.0, 9.0)

    def silence(self) -> Articulation:
        """What it would hear if nothing sounded."""
        return Articulation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, self._peak.db - 45.0)

    def hear(self, level: Levels) -> Articulation:
        """One window, in order."""
        is_sound = level.total > FLOOR_DB
        if is_sound:
            self._peak.learn(level.total)
        loudness = max(level.total, level.high - 6.0) - self._peak.db
        activity = ramp(loudness, -36.0, -14.0) if is_sound or level.high > FLOOR_DB else 0.0
        openness, frontness, darkness = self._compare(
            level, is_voiced=loudness > -24.0 and level.low - level.high > 3.0
        )
        voice = max(level.f1, level.low)
        hiss = ramp(level.high - voice, -4.0, 12.0) * activity
        hush = ramp(level.mid - voice, 0.0, 12.0) * (1.0 - hiss) * activity
        noise = max(hiss, hush)
        nasal = level.low - max(level.f1, level.back, level.mid)
        return Articulation(
            jaw=ramp(loudness, -30.0, -4.0) * (0.30 + 0.70 * ramp(openness, -1.3, 1.5)) * (1.0 - 0.8 * noise),
            # rounded lips lower every formant: a dark spectrum, but not an open one
            rounding=activity * (1.0 - noise) * ramp(0.65 * darkness - 0.5 * frontness, 0.2, 1.5)
            * (1.0 - 0.45 * ramp(openness, 0.2, 1.6)),
            spread=activity * (1.0 - 0.6 * hush) * ramp(frontness, 0.2, 1.7),
            hiss=hiss,
            hush=hush,
            murmur=ramp(nasal, 14.0, 26.0) * ramp(loudness, -32.0, -20.0),
            activity=activity,
            f1_db=max(level.f1, self._peak.db - 45.0),
        )  # fmt: skip

    def _compare(self, level: Levels, *, is_voiced: bool) -> tuple[float, float, float]:
        measures = (
            (self._openness, level.f1 - level.low),
            (self._frontness, level.front - level.back),
            (self._darkness, min(level.low - level.high, 45.0)),
        )
        if is_voiced:
            for norm, value in measures:
                norm.learn(value)
        openness, frontness, darkness = (norm.score(value) for norm, value in measures)
        return openness, frontness, darkness
