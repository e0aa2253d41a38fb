"""Video fetched from a server: RTSP over TCP from a strict camera, through FFmpeg."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.faceswap.sources.pull import Options, Pull
from services.faceswap.video_source import Shot
from shared.errors import ConfigError
from tests.peers.obs import Camera
from tests.peers.rtsp_camera import RtspCamera
from tests.support.video import flat, until

pytestmark = pytest.mark.engine


@contextmanager
def pulling(address: str) -> Iterator[Pull]:
    source = Pull(Options(address=address, retry_s=0.01, open_timeout_s=5.0, read_timeout_s=1.0))
    source.open(320, 240)
    try:
        yield source
    finally:
        source.close()


def play(server: RtspCamera, source: Pull, value: int) -> float:
    """Send pictures of one grey until one is shown; its grey."""
    assert server.is_playing.wait(20)
    shots: list[Shot] = []
    while not shots:
        server.send(flat(value))
        shots = [shot for shot in [source.newest(0.0)] if shot is not None]
    return float(shots[0].pixels.mean())


def test_a_camera_is_watched_over_its_own_connection() -> None:
    with RtspCamera(Camera()) as server, pulling(server.address) as source:
        assert play(server, source, 150) == pytest.approx(150, abs=4)
        status = source.status()
    assert (status.width, status.height, status.trouble) == (320, 240, "")
    assert server.refused == []


def test_a_server_that_hangs_up_is_found_again() -> None:
    with RtspCamera(Camera(gop=1)) as server, pulling(server.address) as source:
        play(server, source, 60)
        server.hang_up()
        while source.status().connections < 2:
            play(server, source, 120)
        seen = [play(server, source, 180) for _ in range(3)]
        assert seen[-1] == pytest.approx(180, abs=4)


def test_a_server_that_comes_later_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pulling(f"rtsp://127.0.0.1:{port}/live") as source:
        until(lambda: "refused" in source.trouble)
        assert not source.status().is_connected
        with RtspCamera(Camera(), port=port) as server:
            assert play(server, source, 99) == pytest.approx(99, abs=4)


def test_a_name_the_server_does_not_know_is_trouble() -> None:
    with RtspCamera(Camera()) as server, pulling(server.address.replace("/live", "/other")) as source:
        until(lambda: "404" in source.trouble)
        assert 404 in server.refused


def test_a_password_in_the_address_opens_the_server_and_is_never_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with RtspCamera(Camera(), password="4711secret") as server:
        with pulling(server.address.replace("rtsp://", "rtsp://mirror:wrong9secret@")) as source:
            until(lambda: "401" in source.trouble)
            told = source.trouble
        with pulling(server.address.replace("rtsp://", "rtsp://mirror:4711secret@")) as source:
            assert play(server, source, 99) == pytest.approx(99, abs=4)
            server.hang_up()
            until(lambda: source.trouble)
            told += source.trouble
    assert "secret" not in told + caplog.text + str([vars(record) for record in caplog.records])


def test_what_is_no_address_is_named() -> None:
    with pytest.raises(ConfigError, match="source = 'film'"):
        Pull(Options(address="film.mp4"))
