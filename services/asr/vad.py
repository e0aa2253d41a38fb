"""Voice activity: from a speech probability every 32 ms to the edges of speech. Pure."""

from enum import Enum

import msgspec

FRAME = 512
"""Samples in one frame at 16 kHz: 32 ms, what Silero wants."""

FRAME_S = 0.032


def frames(seconds: float) -> int:
    """Whole frames that are nearest to `seconds`, at least 1."""
    return max(1, round(seconds / FRAME_S))


class VadSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a probability means speech."""

    on: float = 0.5
    """Probability from which a frame may begin speech."""
    on_while_mirror_speaks: float = 0.7
    """The same while the loudspeaker sounds: what is left of the echo must not begin speech."""
    off: float = 0.35
    """Speech goes on down to this."""
    quietest_dbfs: float = -65.0
    """A frame below this loudness is never speech; whispering close to the microphone is above -55."""


class Phase(Enum):
    """Where we are."""

    SILENCE = "silence"
    SPEECH = "speech"
    PAUSE = "pause"


class Edge(Enum):
    """What changed with this frame."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"


START_NEEDED, START_WINDOW = 3, 4
# 3 of 4 frames: a plosive or a click fills one or two; the start is seen after 96 to 128 ms.
RESUME_NEEDED, RESUME_WINDOW = 2, 3
PAUSE_FRAMES = 3
# 96 ms: shorter gaps stand inside words ("a-t"); the decode that begins here has the same words as with 200 ms.


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """What the detector remembers."""

    phase: Phase = Phase.SILENCE
    loud: tuple[bool, ...] = ()
    """Which of the last frames reached the on-threshold, oldest first; at most START_WINDOW."""
    silent_frames: int = 0
    """Frames since the last speech frame."""

    @property
    def lead(self) -> int:
        """At an edge into speech: how many frames ago its first loud frame was."""
        return len(self.loud) - 1 - self.loud.index(True) if True in self.loud else 0


def step(settings: VadSettings, was: Activity, p: float, *, mirror_speaks: bool) -> tuple[Activity, Edge | None]:
    """One more frame with speech probability `p`."""
    on = settings.on_while_mirror_speaks if mirror_speaks else settings.on
    if was.phase is Phase.SPEECH:
        return _in_speech(was, is_speech=p >= settings.off)
    window = START_WINDOW if was.phase is Phase.SILENCE else RESUME_WINDOW
    needed = START_NEEDED if was.phase is Phase.SILENCE else RESUME_NEEDED
    loud = (*was.loud, p >= on)[-window:]
    if sum(loud) < needed:
        return Activity(phase=was.phase, loud=loud, silent_frames=was.silent_frames + 1), None
    edge = Edge.STARTED if was.phase is Phase.SILENCE else Edge.RESUMED
    return Activity(phase=Phase.SPEECH, loud=loud), edge


def _in_speech(was: Activity, *, is_speech: bool) -> tuple[Activity, Edge | None]:
    silent = 0 if is_speech else was.silent_frames + 1
    if silent < PAUSE_FRAMES:
        return Activity(phase=Phase.SPEECH, silent_frames=silent), None
    return Activity(phase=Phase.PAUSE, silent_frames=silent), Edge.PAUSED
