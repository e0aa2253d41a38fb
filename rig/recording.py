"""Everything a rehearsed visit was, as the visitor had it. Instants are seconds on the session's host clock."""

import msgspec

from rig.loudspeaker import Sounded
from rig.visitor import Samples
from shared.kiosk_wire import DownMessage, Forgotten, Line, Refused, Scene, Subtitle


class Spoken(msgspec.Struct, kw_only=True):
    """One thing the visitor said."""

    clip: str
    text: str
    samples: Samples
    began_at: float
    """When its first sample was captured."""
    speech_ended_at: float
    """When the last sample of speech in it was captured."""
    scene: str
    is_overlap: bool
    """Said while the mirror spoke."""
    was_listened: bool
    """The mirror listened when it began."""


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """One picture of the mirror as it was shown."""

    frame: int
    shown_at: float
    captured_at: float
    pose_due_at: float
    size: int
    """Bytes of its JPEG."""
    jpeg: bytes
    """Empty if pictures are not kept."""


class Recording(msgspec.Struct, kw_only=True):
    """What the kiosk saw, heard, said and showed."""

    session: str = ""
    approached_at: float = 0.0
    microphone_from: float = 0.0
    """When the microphone's first chunk began: chunks end every 20 ms from here."""
    chunks_late_s: list[float] = []
    """Per chunk: how much later than its end it was handed over; a simulated sound card is as late as its sleep."""
    ends_at: float = 0.0
    """When the session said that the visit would end."""
    spoken: list[Spoken] = []
    sounded: list[Sounded] = []
    shots: list[Shot] = []
    scenes: list[tuple[float, Scene]] = []
    lines: list[tuple[float, Line]] = []
    subtitles: list[tuple[float, Subtitle]] = []
    bursts: list[float] = []
    refused: list[Refused] = []
    gap_count: int = 0
    forgotten: Forgotten | None = None
    forgotten_at: float = 0.0
    closed_reason: str = ""
    """Why the socket closed, if it closed before the visit was over."""

    def note(self, message: DownMessage, now: float) -> None:
        """Write down what a page would show, and when it came."""
        match message:
            case Scene():
                self.scenes.append((now, message))
                self.session = message.session or self.session
                self.ends_at = message.ends_at or self.ends_at
            case Forgotten():
                self.forgotten, self.forgotten_at = message, now
            case Line():
                self.lines.append((now, message))
            case Subtitle():
                self.subtitles.append((now, message))
            case Refused():
                self.refused.append(message)
            case _:
                pass
