"""Packets of a live sender in, the newest picture out: decoding in a thread of its own, and a backlog that is never played."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from services.faceswap.newest import NewestOnly
from services.faceswap.sources.decoding import Decoder, Packet
from services.faceswap.sources.meter import Meter
from services.faceswap.sources.pace import LATE_S, Pace, judge
from services.faceswap.video_source import Shot
from shared.errors import EngineFailed

_LOG = logging.getLogger(__name__)

DRY_S = 1.0
"""No picture for so long is trouble worth a word. The mirror itself veils sooner."""
LONGEST = 600
"""Packets that may wait, 25 s of 24 a second; beyond it everything is dropped until the next key picture."""


class LivePictures:
    """The pictures of one sender at a time."""

    def __init__(self, width: int, height: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises EngineUnavailable if PyAV is missing."""
        self._size = (width, height)
        self._clock = clock
        self._decoder = Decoder()
        self._waiting: deque[Packet | None] = deque()
        self._has_come = threading.Condition()
        self._is_closed = False
        self._pace = Pace()
        self._slot: NewestOnly[Shot] = NewestOnly()
        self._thread = threading.Thread(target=self._decode_for_ever, name="video decoder", daemon=True)
        self.meter = Meter()
        self.sent_size = (0, 0)
        """Width and height of the last picture as it was sent, pixels."""
        self.decode_error = ""
        """Why the last packet was no picture; empty when one was."""

    def start(self) -> None:
        """Begin decoding."""
        self._thread.start()

    def put(self, packet: Packet) -> None:
        """One more packet. Never waits: whatever a later key picture makes needless is dropped."""
        with self._has_come:
            if packet.is_key or len(self._waiting) >= LONGEST:
                self._drop_waiting(is_gap=not packet.is_key or None in self._waiting)
            self._waiting.append(packet)
            self._has_come.notify()

    def new_sender(self) -> None:
        """Another sender, or the same one again: its clock and its pictures have nothing to do with those before."""
        with self._has_come:
            self._drop_waiting(is_gap=True)

    def take(self) -> Shot | None:
        """The newest picture since the last call."""
        return self._slot.take()

    def close(self) -> None:
        """Stop decoding."""
        with self._has_come:
            self._is_closed = True
            self._has_come.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _drop_waiting(self, *, is_gap: bool) -> None:
        dropped = sum(packet is not None for packet in self._waiting)
        self._waiting.clear()
        self.meter.skip(dropped)
        if is_gap:
            # None among the packets tells the decoder that some are missing here.
            self._waiting.append(None)

    def _decode_for_ever(self) -> None:
        while True:
            with self._has_come:
                self._has_come.wait_for(lambda: self._waiting or self._is_closed)
                if self._is_closed:
                    return
                packet = self._waiting.popleft()
            if packet is None:
                self._pace = Pace()
                self._decoder.skip_to_key()
            else:
                self._decode(packet)

    def _decode(self, packet: Packet) -> None:
        try:
            for frame, taken in self._decoder.decode(packet):
                self._pace = judge(self._pace, taken, packet.arrived_at)
                # What waited too long here is a backlog too: of a machine that is slower than the sender.
                is_overtaken = bool(self._waiting) and self._clock() - packet.arrived_at > LATE_S
                if self._pace.is_fresh and not is_overtaken:
                    self._show(frame, packet)
                else:
                    self.meter.skip()
        except EngineFailed as error:
            if not self.decode_error:
                _LOG.warning("pictures cannot be decoded", extra={"reason": str(error)})
            self.decode_error = str(error)

    def _show(self, frame: Any, packet: Packet) -> None:
        pixels = self._decoder.fitted(frame, *self._size)
        now = self._clock()
        self.sent_size = (frame.width, frame.height)
        self.decode_error = ""
        self.meter.picture(now, now - packet.arrived_at + self._pace.lateness_s)
        self._slot.put(Shot(pixels=pixels, captured_at=packet.arrived_at))
