"""The one reader interface: whatever shows the virtual human hands out its newest picture, and only that."""

from typing import Protocol

import msgspec

from services.faceswap.face_swapper import Image


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """One picture of the virtual human."""

    pixels: Image
    captured_at: float
    """Clock of `VideoSource.newest`, seconds."""
    pose_due_at: float = 0.0
    """Host clock, seconds, when the pose seen in it was meant to be at the glass; 0 if the source does not tell."""

    def on_another_clock(self, ahead_s: float) -> "Shot":
        """The same, where another clock is so much ahead of the one it was taken by: that of another machine's house."""
        return msgspec.structs.replace(self, captured_at=self.captured_at + ahead_s)


class VideoStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a source does, for the heartbeat, `mirror doctor` and `mirror bench video`."""

    is_connected: bool = True
    """Pictures come, or at least somebody who could send them is there."""
    trouble: str = ""
    """Why no pictures come just now, or empty."""
    advice: str = ""
    """Pictures come, but could come better: what to change at the sender."""
    width: int = 0
    """Pixels, as the sender sends them; 0 until the first picture."""
    height: int = 0
    fps: float = 0.0
    """Pictures a second over the last seconds."""
    delay_ms: float = 0.0
    """Median over the last seconds, from a picture's arrival at this process until it was ready to be shown."""
    connections: int = 0
    """Senders so far; every one after the first is a reconnection."""
    shown: int = 0
    """Pictures made ready so far."""
    skipped: int = 0
    """Pictures that came too late to be shown: the backlog after a stall."""

    @property
    def line(self) -> str:
        """All of it in one line."""
        if self.trouble:
            return self.trouble
        parts = [f"{self.width}x{self.height}, {self.fps:.1f} fps, {self.delay_ms:.0f} ms"]
        if self.connections > 1:
            parts.append(f"{self.connections - 1} reconnections")
        if self.skipped:
            parts.append(f"{self.skipped} skipped")
        return ", ".join([*parts, self.advice] if self.advice else parts)


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

    def status(self) -> VideoStatus:
        """How it does now. May be asked from any thread."""
        ...

    def close(self) -> None:
        """End; let go of sockets, files and threads."""
        ...
