"""Numbers over a whole visit: percentiles, the picture's rhythm, lips against sound. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np

from rig.loudspeaker import Sounded
from rig.recording import Shot
from shared.audio import VOICE_HZ

FRAME_S = 1 / 24
"""The picture must have at least this many frames a second."""
LATE_S = 1.5 * FRAME_S
"""A picture that comes later than this after the one before left the eye waiting: one slot and half a slot of jitter."""


def percentiles(values: Sequence[float], *points: int) -> dict[str, float | None]:
    """`{"p50": ..., ...}`; None where there is nothing to measure."""
    if not values:
        return {f"p{point}": None for point in points}
    return {f"p{point}": round(float(np.percentile(values, point)), 1) for point in points}


def picture_rhythm(shots: Sequence[Shot], began_at: float = 0.0) -> dict[str, float | None]:
    """Frames a second and the share of pictures that came late, over a stretch in which the picture should move.

    `longest_gap_at_s` counts from `began_at`, host clock, seconds.
    """
    if len(shots) < 2:
        return {"fps": None, "late": None, "frames": len(shots)}
    shown = np.array([shot.shown_at for shot in shots])
    gaps = np.diff(shown)
    return {
        "fps": round(float(len(gaps) / (shown[-1] - shown[0])), 2),
        "late": round(float(np.mean(gaps > LATE_S)), 4),
        "frames": len(shots),
        "longest_gap_ms": round(float(gaps.max()) * 1000, 1),
        "longest_gap_at_s": round(float(shown[gaps.argmax()]) - began_at, 2),
        "age_ms": round(float(np.median([shot.shown_at - shot.captured_at for shot in shots])) * 1000, 1),
    }


def av_offsets_ms(shots: Sequence[Shot], sounded: Sequence[Sounded]) -> dict[float, float]:
    """How far the sound was behind the lips, by when a picture was shown while speech sounded; positive: sound later.

    A picture says when its pose was meant to be at the glass; the speech of that pose was due at the same instant and
    sounded later by what the loudspeaker was late.
    """
    if not sounded:
        return {}
    begins = np.array([(piece.at - piece.late) / VOICE_HZ for piece in sounded])
    ends = begins + np.array([len(piece.pcm) / VOICE_HZ for piece in sounded])
    offsets = {}
    for shot in shots:
        index = int(np.searchsorted(begins, shot.pose_due_at, side="right")) - 1
        if shot.pose_due_at and index >= 0 and shot.pose_due_at < ends[index]:
            late_s = sounded[index].late / VOICE_HZ
            offsets[shot.shown_at] = round((shot.pose_due_at + late_s - shot.shown_at) * 1000, 1)
    return offsets


def spread(values: Mapping[float, float], began_at: float = 0.0) -> dict[str, float | None]:
    """`{p50, min, max, min_at_s}` of values by when they were; `min_at_s` counts from `began_at`, host clock, seconds."""
    if not values:
        return {"p50": None, "min": None, "max": None}
    lowest_at = min(values, key=lambda at: values[at])
    return {
        **percentiles([*values.values()], 50),
        "min": values[lowest_at],
        "max": max(values.values()),
        "min_at_s": round(lowest_at - began_at, 2),
    }
