"""A kiosk's glass without light: painted sixty times a second, each time with the newest picture. Pure."""

import math

from rig.recording import Shot
from shared.kiosk_wire import Frame

PAINT_HZ = 60

FORGIVEN_S = 0.045 - 1 / PAINT_HZ
"""How late a picture may come: lips are seen to be late from 45 ms on, and it is painted up to one painting later."""

LEFT_OUT = 3
"""So many late pictures in a row are left out; more, and the machine is slow."""


class Glass:
    """Holds the picture that waits to be painted, and writes down those that were."""

    def __init__(self, shots: list[Shot], *, keeps_pictures: bool) -> None:
        """`shots`: where they are written down."""
        self._shots = shots
        self._keeps_pictures = keeps_pictures
        self._waiting: Frame | None = None
        self._late_row = 0

    def next_painting(self, now: float) -> float:
        """When the glass is painted next; seconds of the clock that `now` is of."""
        return (math.floor(now * PAINT_HZ) + 1) / PAINT_HZ

    def take(self, frame: Frame, now: float) -> Frame | None:
        """A picture has come, at `now`, the host's clock; returns the one that nobody will see, if any.

        That one was overtaken, or it is one of few that missed their sound (`lateness.js`, on the real page, says why).
        """
        is_late = 0.0 < frame.pose_due_at < now - FORGIVEN_S
        self._late_row = self._late_row + 1 if is_late else 0
        if is_late and self._late_row <= LEFT_OUT:
            return frame
        overtaken, self._waiting = self._waiting, frame
        return overtaken

    def paint(self, now: float) -> Frame | None:
        """Paint at `now`, the host's clock; returns what was painted, None if nothing new has come."""
        frame, self._waiting = self._waiting, None
        if frame is not None:
            self._shots.append(
                Shot(
                    frame=frame.frame,
                    shown_at=now,
                    captured_at=frame.captured_at,
                    pose_due_at=frame.pose_due_at,
                    size=len(frame.jpeg),
                    jpeg=frame.jpeg if self._keeps_pictures else b"",
                )
            )
        return frame
