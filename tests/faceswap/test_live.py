"""Decoding a live sender: a backlog is never played."""

import pytest

from services.faceswap.sources.decoding import Codec, Packet
from services.faceswap.sources.live import LONGEST, LivePictures
from services.faceswap.sources.pace import LATE_S
from tests.peers.obs import Camera
from tests.support.video import Hand, flat, until

pytestmark = pytest.mark.engine

CAMERA = Camera(64, 48, gop=1000)
CODED = [CAMERA.code(flat(20 + n % 200, 64, 48))[0] for n in range(200)]
CODEC = Codec(name="h264", setup=CAMERA.setup)


def packet(number: int, at: float, *, is_key: bool | None = None) -> Packet:
    payload, time_ms, _, coded_as_key = CODED[number]
    is_marked = coded_as_key if is_key is None else is_key
    return Packet(payload=payload, codec=CODEC, taken=time_ms / 1000, arrived_at=at, is_key=is_marked)


def settled(pictures: LivePictures, count: int) -> None:
    """Wait until so many pictures were shown or skipped."""
    until(lambda: pictures.meter.shown + pictures.meter.skipped >= count)


def test_what_piled_up_during_a_stall_is_skipped_up_to_its_newest_picture() -> None:
    clock = Hand()
    pictures = LivePictures(64, 48, clock)
    for number in range(24):
        clock.now = 1000.0 + number / 24
        pictures.put(packet(number, clock.now))
    pictures.start()
    settled(pictures, 24)
    shown_before = pictures.meter.shown
    clock.now += 3.0
    for number in range(24, 24 + 72):
        pictures.put(packet(number, clock.now))
    settled(pictures, 96)
    shot = pictures.take()
    pictures.close()
    assert pictures.meter.shown - shown_before <= LATE_S * 24 + 2
    assert shot is not None
    assert shot.pixels.mean() == pytest.approx(20 + 95, abs=3)


def test_a_machine_slower_than_the_sender_still_shows_the_newest_picture() -> None:
    clock = Hand()
    pictures = LivePictures(64, 48, clock)
    for number in range(48):
        pictures.put(packet(number, 1000.0 + number / 24))
    clock.now = 1002.0
    pictures.start()
    settled(pictures, 48)
    shot = pictures.take()
    pictures.close()
    assert pictures.meter.skipped >= 40
    assert shot is not None
    assert shot.pixels.mean() == pytest.approx(20 + 47, abs=3)


def test_a_key_picture_makes_everything_that_waits_before_it_needless() -> None:
    again = Camera(64, 48)
    key = again.code(flat(222, 64, 48))[0]
    pictures = LivePictures(64, 48, Hand())
    for number in range(30):
        pictures.put(packet(number, 1000.0))
    new = Codec(name="h264", setup=again.setup)
    pictures.put(Packet(payload=key[0], codec=new, taken=0.0, arrived_at=1000.0, is_key=True))
    assert pictures.meter.skipped == 30
    pictures.start()
    settled(pictures, 31)
    shot = pictures.take()
    pictures.close()
    assert shot is not None
    assert shot.pixels.mean() == pytest.approx(222, abs=3)


def test_what_waits_is_bounded_and_goes_on_only_from_a_key_picture() -> None:
    pictures = LivePictures(64, 48, Hand())
    for number in range(LONGEST + 5):
        pictures.put(packet(1 + number % 100, 1000.0))
    assert pictures.meter.skipped >= LONGEST
    pictures.put(packet(0, 1001.0))
    pictures.start()
    until(lambda: pictures.meter.shown == 1)
    pictures.close()
