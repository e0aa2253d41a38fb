"""The way to one kiosk's page: ordered messages that are never dropped, and frames of which only the newest counts."""

import asyncio
from collections import deque
from typing import Protocol

from shared import kiosk_wire as wire
from shared.events import MirrorFrame

MAX_IN_FLIGHT = 2
"""Frames sent and not yet painted: a slow page gets fewer frames, never older ones."""

FORGIVE_S = 0.5
"""A frame that is not acknowledged for this long no longer counts as in flight."""

MAX_WAITING = 2_000
"""Ordered messages waiting for a page that does not read; beyond it the connection is given up."""


class Socket(Protocol):
    """What the link needs of a WebSocket."""

    async def send_bytes(self, data: bytes) -> None:
        """Send one binary message."""
        ...


class KioskLink:
    """Holds what waits for the page; survives its reconnections. One kiosk page at a time."""

    def __init__(self) -> None:
        self._ordered: deque[wire.Down] = deque()
        self._frame: wire.Frame | None = None
        self._in_flight: deque[tuple[int, float]] = deque()
        self._wake = asyncio.Event()
        self._page: Socket | None = None
        self.is_connected = False

    def send(self, message: wire.Down) -> None:
        """Queue an ordered message; forgotten at once if no page is there (a page that comes back is told anew)."""
        if not self.is_connected:
            return
        if len(self._ordered) >= MAX_WAITING:
            self.is_connected = False
        self._ordered.append(message)
        self._wake.set()

    def show(self, frame: MirrorFrame) -> None:
        """Offer a picture; it replaces one that still waits."""
        if not self.is_connected:
            return
        self._frame = wire.Frame(
            frame=frame.seq, jpeg=frame.jpeg, captured_at=frame.captured_at, pose_due_at=frame.pose_due_at
        )
        self._wake.set()

    def shown(self, message: wire.Shown) -> None:
        """The page painted a frame."""
        while self._in_flight and self._in_flight[0][0] <= message.frame:
            self._in_flight.popleft()
        self._wake.set()

    def hang_up(self) -> None:
        """End the connection; a page tries again within a second."""
        self.is_connected = False
        self._wake.set()

    def forget(self) -> None:
        """Drop every queued sound and picture."""
        self._ordered.clear()
        self._frame = None
        self._in_flight.clear()

    async def pump(self, socket: Socket) -> None:
        """Write to the page until it is gone, or another has come: of a cable that was pulled we may hear half a minute later."""
        self.forget()
        self._page = socket
        self.is_connected = True
        try:
            while self.is_connected and self._page is socket:
                await self._write(socket, asyncio.get_running_loop())
                await self._wake.wait()
                self._wake.clear()
        finally:
            if self._page is socket:
                self.is_connected = False
                self.forget()

    async def _write(self, socket: Socket, loop: asyncio.AbstractEventLoop) -> None:
        while self._ordered:
            await socket.send_bytes(wire.encode(self._ordered.popleft()))
        while self._in_flight and self._in_flight[0][1] < loop.time() - FORGIVE_S:
            self._in_flight.popleft()
        if self._frame is not None and len(self._in_flight) < MAX_IN_FLIGHT:
            frame, self._frame = self._frame, None
            self._in_flight.append((frame.frame, loop.time()))
            await socket.send_bytes(wire.encode(frame))
