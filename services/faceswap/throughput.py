"""How many pictures a second go in and come out: a sender that never waits, the real way of a picture, newest wins."""

import threading
import time
from collections.abc import Sequence

import msgspec
import numpy as np

from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import FaceSwapper, Image, SourceFace
from services.faceswap.mirror_maker import Look, MirrorMaker
from services.faceswap.newest import NewestOnly
from services.faceswap.video_source import Shot, VideoStatus

_JPEG = 82
_WAIT_S = 0.0005


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What went through."""

    frames_in: float
    """A second."""
    frames_out: float
    """A second, swapped."""
    age_p50_ms: float
    """From a frame's arrival to its picture."""
    age_p95_ms: float


class Sender:
    """A video source that puts the next of its pictures into the slot at a fixed rate, whatever becomes of them."""

    name = "sender"
    trouble = ""

    def __init__(self, frames: Sequence[Image], per_s: float) -> None:
        self._frames = frames
        self._period = 1.0 / per_s
        self._slot: NewestOnly[Shot] = NewestOnly()
        self._is_over = threading.Event()
        self.sent = 0
        self._thread = threading.Thread(target=self._send, name="sender", daemon=True)

    def open(self, width: int, height: int) -> None:
        """Begin."""
        del width, height
        self._thread.start()

    def newest(self, now: float) -> Shot | None:
        """The newest frame since the last call."""
        del now
        return self._slot.take()

    def status(self) -> VideoStatus:
        """Nothing worth telling."""
        return VideoStatus()

    def close(self) -> None:
        """End."""
        self._is_over.set()
        self._thread.join()

    def _send(self) -> None:
        due = time.monotonic()
        while not self._is_over.wait(max(0.0, due - time.monotonic())):
            pixels = self._frames[self.sent % len(self._frames)]
            self._slot.put(Shot(pixels=pixels, captured_at=time.monotonic()))
            self.sent += 1
            due += self._period


def measure_flow(
    swapper: FaceSwapper, source: SourceFace, frames: Sequence[Image], *, per_s: float, seconds: float
) -> Flow:
    """Swap what is sent for some seconds.

    Args:
        swapper: A warm engine.
        source: A face it has learned.
        frames: Pictures of a film, sent over and over.
        per_s: How many a second.
        seconds: How long.
    """
    sender = Sender(frames, per_s)
    maker = MirrorMaker(sender, swapper, FaceMesh(), _JPEG)
    look, ages = Look(source=source), []
    height, width = frames[0].shape[:2]
    sender.open(width, height)
    began = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        picture = maker.make(look, now)
        if picture is None:
            time.sleep(_WAIT_S)
        elif picture.is_swapped:
            ages.append((time.monotonic() - picture.captured_at) * 1000)
    took = time.monotonic() - began
    sender.close()
    swapper.forget()
    p50, p95 = (float(np.percentile(ages, share)) if ages else 0.0 for share in (50, 95))
    return Flow(frames_in=sender.sent / took, frames_out=len(ages) / took, age_p50_ms=p50, age_p95_ms=p95)
