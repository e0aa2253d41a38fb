"""The one reader interface: whatever shows the virtual human hands out its newest picture, and only that."""

from typing import Protocol

import msgspec

from services.faceswap.face_swapper import Image


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """One picture of the virtual human."""

    pixels: Image
    captured_at: float
    """Host clock, seconds."""
    pose_due_at: float = 0.0
    """Host clock, seconds, when the pose seen in it was meant to be at the glass; 0 if the source does not tell."""


class VideoSource(Protocol):
    """One source. Called from one worker thread; what it does in threads of its own it hides."""

    name: str

    def open(self, width: int, height: int) -> None:
        """Begin; pictures shall come in this size. Raises EngineUnavailable if that can never work (a port taken, no file)."""
        ...

    def newest(self, now: float) -> Shot | None:
        """The newest picture not yet handed out, or None; never waits. Older ones are dropped.

        Args:
            now: Host clock, seconds.
        """
        ...

    @property
    def trouble(self) -> str:
        """Why no pictures come just now, or empty."""
        ...

    def close(self) -> None:
        """End; let go of sockets, files and threads."""
        ...
