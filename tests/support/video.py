"""A mirror's video source on a free port, and a clock that tests move by hand."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from services.faceswap.face_swapper import Image
from services.faceswap.sources.rtmp import Options, Rtmp
from services.faceswap.video_source import Shot, VideoSource
from tests.peers.obs import Camera, Obs


class Hand:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def until(is_so: Callable[[], object]) -> None:
    """Wait for other threads; the test's own time limit ends it."""
    pause = threading.Event()
    while not is_so():
        pause.wait(0.002)


def next_shot(source: VideoSource) -> Shot:
    """The next picture."""
    found: list[Shot] = []

    def has_come() -> bool:
        shot = source.newest(time.monotonic())
        if shot is not None:
            found.append(shot)
        return bool(found)

    until(has_come)
    return found[0]


@contextmanager
def listening(clock: Callable[[], float] | None = None, width: int = 320, height: int = 240) -> Iterator[Rtmp]:
    """An open RTMP source on a free port."""
    options = Options(listen="127.0.0.1:0")
    source = Rtmp(options, clock) if clock else Rtmp(options)
    source.open(width, height)
    try:
        yield source
    finally:
        source.close()


def publisher(source: Rtmp, key: str = "mirror", app: str = "live") -> Obs:
    """OBS, connected but not yet let in."""
    return Obs("127.0.0.1", source.port, app, key)


def flat(value: int, width: int = 320, height: int = 240) -> Image:
    """A picture all of one grey."""
    return np.full((height, width, 3), value, np.uint8)


def send(obs: Obs, camera: Camera, pixels: Image, *, at_ms: int | None = None) -> None:
    """One picture, coded and sent."""
    for coded, time_ms, after_ms, is_key in camera.code(pixels):
        obs.picture(coded, time_ms if at_ms is None else at_ms, is_key=is_key, shown_after_ms=after_ms)
