"""Small recordings of visits, made by hand."""

import numpy as np

from rig.loudspeaker import Sounded
from rig.recording import Recording, Shot, Spoken
from shared.audio import VOICE_HZ


def spoken(text: str, began_at: float, ended_at: float, *, is_overlap: bool = False) -> Spoken:
    """Something the visitor said."""
    return Spoken(
        clip="clip",
        text=text,
        samples=np.zeros(16, np.float32),
        began_at=began_at,
        speech_ended_at=ended_at,
        scene="room",
        is_overlap=is_overlap,
        was_listened=True,
    )


def sounded(turn: int, at: float, seconds: float = 1.0, *, late_s: float = 0.0) -> Sounded:
    """A turn of the mirror, sounding without a break."""
    return Sounded(
        turn=turn,
        from_sample=0,
        at=round(at * VOICE_HZ),
        late=round(late_s * VOICE_HZ),
        gain=1.0,
        pcm=np.ones(round(seconds * VOICE_HZ), np.int16),
    )


def shot(shown_at: float, pose_due_at: float = 0.0) -> Shot:
    """A picture on the glass."""
    return Shot(frame=1, shown_at=shown_at, captured_at=shown_at, pose_due_at=pose_due_at, size=1, jpeg=b"")


def recording(said: list[Spoken], mirror: list[Sounded]) -> Recording:
    """A visit that began at 0."""
    return Recording(session="s", approached_at=0.0, ends_at=300.0, spoken=said, sounded=mirror)
