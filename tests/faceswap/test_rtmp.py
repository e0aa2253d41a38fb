"""OBS sends to the mirror: real sockets, a strict publisher, and one of FFmpeg's in a process of its own."""

import logging
import socket
import struct
import subprocess
import sys

import cv2
import numpy as np
import pytest

from services.faceswap.config import FaceswapConfig
from services.faceswap.engines.passthrough import Passthrough
from services.faceswap.sources.live import DRY_S
from services.faceswap.sources.rtmp import Options, Rtmp, listener
from services.faceswap.sources.rtmp.listener import SILENT_S
from services.faceswap.stage import FaceswapStage
from services.faceswap.timed_card import read_card
from shared.errors import ConfigError, EngineUnavailable
from tests.peers.obs import Camera, Obs, Refused
from tests.support.video import Hand, flat, listening, next_shot, publisher, send, until

pytestmark = pytest.mark.engine


def streaming(source: Rtmp, camera: Camera) -> Obs:
    """OBS, let in, its setup sent."""
    obs = publisher(source).publish()
    obs.setup(camera.setup)
    return obs


def mean_of(source: Rtmp) -> float:
    return float(next_shot(source).pixels.mean())


def test_ffmpegs_own_publisher_is_understood_and_its_pictures_tell_when_they_were_drawn() -> None:
    with listening(width=640, height=360) as source:
        url = f"rtmp://127.0.0.1:{source.port}/live/mirror"
        command = [
            sys.executable,
            "-m",
            "services.faceswap.video_publisher",
            "--url",
            url,
            "--seconds",
            "1.5",
            "--fps",
            "12",
        ]
        sender = subprocess.Popen(command)
        drawn = [read_card(next_shot(source).pixels) for _ in range(6)]
        status = source.status()
        assert sender.wait(20) == 0
        until(lambda: not source.status().is_connected)
    assert None not in drawn
    assert drawn == sorted(drawn, key=lambda at: at or 0.0)
    assert (status.width, status.height, status.connections) == (1280, 720, 1)


def test_the_very_first_picture_is_shown_before_a_second_has_come() -> None:
    camera = Camera()
    with listening() as source, streaming(source, camera) as obs:
        send(obs, camera, flat(200))
        assert mean_of(source) == pytest.approx(200, abs=4)


def test_sound_between_the_pictures_and_the_senders_own_words_disturb_nothing() -> None:
    camera = Camera()
    with listening() as source, publisher(source).publish() as obs:
        obs.words(width=320.0, height=240.0, framerate=24.0, encoder="obs-output module")
        obs.setup(camera.setup)
        for value in (40, 90, 140):
            obs.sound(value)
            send(obs, camera, flat(value))
            assert mean_of(source) == pytest.approx(value, abs=4)


def test_colours_of_high_definition_are_not_read_as_those_of_television() -> None:
    camera = Camera(1280, 720)
    with listening(width=1280, height=720) as source, streaming(source, camera) as obs:
        picture = np.empty((720, 1280, 3), np.uint8)
        picture[:] = (40, 200, 60)
        send(obs, camera, picture)
        assert next_shot(source).pixels.mean(axis=(0, 1)) == pytest.approx([40, 200, 60], abs=4)


def test_a_wrong_key_is_refused_in_obss_own_words_and_no_key_is_ever_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with listening() as source:
        with publisher(source, key="live_4711_secret") as obs, pytest.raises(Refused, match=r"Publish\.Denied"):
            obs.publish()
        until(lambda: "wrong stream key" in source.trouble)
        assert not source.status().is_connected
        with publisher(source).publish():
            until(lambda: source.status().is_connected)
            assert "wrong stream key" not in source.trouble
    assert "4711" not in caplog.text + source.trouble + str([vars(record) for record in caplog.records])


def test_another_address_is_refused() -> None:
    with listening() as source, publisher(source, app="other") as obs:
        with pytest.raises(Refused, match="InvalidApp"):
            obs.publish()
        until(lambda: "another address than /live" in source.trouble)


def test_a_second_publisher_is_refused_while_the_first_sends() -> None:
    camera, clock = Camera(), Hand()
    with listening(clock) as source, streaming(source, camera) as first:
        send(first, camera, flat(50))
        assert mean_of(source) == pytest.approx(50, abs=4)
        with publisher(source) as second, pytest.raises(Refused, match="BadName"):
            second.publish()
        send(first, camera, flat(90))
        assert mean_of(source) == pytest.approx(90, abs=4)
        assert source.status().connections == 1


def test_a_publisher_that_went_silent_without_hanging_up_makes_room_for_its_successor() -> None:
    camera, clock = Camera(), Hand()
    with listening(clock) as source, streaming(source, camera) as first:
        send(first, camera, flat(50))
        next_shot(source)
        clock.now += SILENT_S + 0.1
        again = Camera()
        with streaming(source, again) as second:
            send(second, again, flat(160))
            assert mean_of(source) == pytest.approx(160, abs=4)
            assert source.status().connections == 2
            with pytest.raises(ConnectionError):
                first.reply()


def test_a_publisher_that_vanishes_is_missed_and_welcome_back() -> None:
    with listening() as source:
        for round_number, value in enumerate((60, 120, 180), start=1):
            camera = Camera()
            with streaming(source, camera) as obs:
                send(obs, camera, flat(value))
                assert mean_of(source) == pytest.approx(value, abs=4)
            until(lambda: not source.status().is_connected)
            assert "start streaming in OBS" in source.trouble
            assert source.status().connections == round_number
        assert "2 reconnections" not in source.status().line, "trouble comes first"


def test_who_says_goodbye_is_gone() -> None:
    with listening() as source, publisher(source).publish() as obs:
        until(lambda: source.status().is_connected)
        obs.goodbye()
        until(lambda: not source.status().is_connected)


def test_a_stream_that_changes_its_size_goes_on() -> None:
    small, large = Camera(320, 240), Camera(640, 360)
    with listening() as source, streaming(source, small) as obs:
        send(obs, small, flat(60))
        assert next_shot(source).pixels.shape == (240, 320, 3)
        obs.setup(large.setup)
        send(obs, large, flat(150, 640, 360), at_ms=500)
        shot = next_shot(source)
        assert shot.pixels.shape == (240, 320, 3)
        assert shot.pixels.mean() == pytest.approx(150, abs=4)
        assert (source.status().width, source.status().height) == (640, 360)


def test_pictures_before_the_first_key_picture_are_not_shown_grey() -> None:
    camera = Camera(gop=3)
    with listening() as source, streaming(source, camera) as obs:
        camera.code(flat(30))
        for value in (60, 90, 200):
            send(obs, camera, flat(value))
        assert mean_of(source) == pytest.approx(200, abs=4)


def test_a_damaged_picture_is_trouble_until_the_next_key_picture() -> None:
    camera = Camera(gop=2)
    with listening() as source, streaming(source, camera) as obs:
        send(obs, camera, flat(60))
        next_shot(source)
        obs.picture(b"\x00\x00\x00\x05\x65garbage", 100, is_key=True)
        until(lambda: "cannot be decoded" in source.trouble)
        send(obs, camera, flat(90))
        send(obs, camera, flat(120))
        assert mean_of(source) == pytest.approx(120, abs=4)
        until(lambda: source.trouble == "")


def test_b_frames_are_noted_as_advice() -> None:
    camera = Camera(b_frames=2)
    with listening() as source, streaming(source, camera) as obs:
        for value in range(20, 200, 10):
            send(obs, camera, flat(value))
        next_shot(source)
        until(lambda: "B-frames" in source.status().advice)
        assert "B-frames" in source.status().line


def test_another_codec_is_named_with_the_cure() -> None:
    with listening() as source, publisher(source).publish() as obs:
        obs.send(4, 9, b"\x90hvc1\x00\x00", stream=1)
        until(lambda: "'hvc1', not H.264" in source.trouble)


def test_a_publisher_that_stands_still_is_told_from_one_that_is_not_there() -> None:
    camera, clock = Camera(), Hand()
    with listening(clock) as source, publisher(source).publish() as obs:
        until(lambda: "no picture came yet" in source.trouble)
        obs.setup(camera.setup)
        send(obs, camera, flat(50))
        next_shot(source)
        assert source.trouble == ""
        clock.now += DRY_S + 2.0
        assert "no picture came for 3 s" in source.trouble
        assert source.status().is_connected


@pytest.mark.parametrize(
    "words", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + bytes(200), b"\x03" + bytes(3072 + 50), b""]
)
def test_a_caller_who_is_no_publisher_harms_nobody(words: bytes) -> None:
    camera = Camera()
    with listening() as source, streaming(source, camera) as obs:
        with socket.create_connection(("127.0.0.1", source.port), timeout=10) as caller:
            caller.sendall(words)
            caller.shutdown(socket.SHUT_WR)
            while caller.recv(4096):
                pass
        send(obs, camera, flat(130))
        assert mean_of(source) == pytest.approx(130, abs=4)


def test_callers_who_say_nothing_are_sent_away_and_do_not_fill_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as source:
        with monkeypatch.context() as hurried:
            hurried.setattr(listener, "_TALK_S", 0.05)
            silent = [socket.create_connection(("127.0.0.1", source.port), timeout=10) for _ in range(12)]
            assert [caller.recv(1) for caller in silent] == [b""] * 12
            for caller in silent:
                caller.close()
            until(lambda: not vars(vars(source)["_listener"])["_callers"])
        with publisher(source).publish():
            until(lambda: source.status().is_connected)


def test_a_ping_is_answered_and_bytes_are_acknowledged_if_asked_for() -> None:
    with listening() as source, publisher(source).publish() as obs:
        obs.send(2, 4, struct.pack(">HI", 6, 4711))
        assert obs.reply() == (4, struct.pack(">HI", 7, 4711))
        obs.send(2, 5, struct.pack(">I", 4000))
        obs.sound(0, 3000)
        kind, payload = obs.reply()
        assert kind == 3
        assert int.from_bytes(payload, "big") > 3000


def test_who_wants_to_watch_instead_of_sending_is_refused() -> None:
    with listening() as source, publisher(source).publish() as obs:
        obs.command("play", 9, None, "mirror", channel=4, stream=1)
        kind, payload = obs.reply()
        assert kind == 20
        assert b"NetStream.Play.Failed" in payload


def test_a_port_that_is_taken_is_named_with_the_cure() -> None:
    with listening() as source:
        second = Rtmp(Options(listen=f"127.0.0.1:{source.port}"))
        with pytest.raises(EngineUnavailable, match=rf"127\.0\.0\.1:{source.port} .*source_options\.rtmp"):
            second.open(320, 240)
        second.close()


def test_a_closed_source_lets_go_of_port_and_publisher_at_once() -> None:
    camera = Camera()
    with listening() as source:
        obs = streaming(source, camera)
        send(obs, camera, flat(50))
        next_shot(source)
        port = source.port
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ConnectionError):
        obs.reply()
    obs.vanish()


async def test_the_stages_health_says_that_and_why_no_video_comes() -> None:
    rtmp = Rtmp(Options(listen="127.0.0.1:0"))
    stage = FaceswapStage(FaceswapConfig(), Passthrough(), rtmp)
    health = await stage.warm_up()
    assert health.is_degraded
    assert "start streaming in OBS" in health.last_error
    camera = Camera()
    with streaming(rtmp, camera) as obs:
        send(obs, camera, flat(60))
        next_shot(rtmp)
        assert not stage.health().is_degraded
    await stage.close()


@pytest.mark.parametrize(
    "setting", [{"listen": "1935"}, {"listen": "host:x"}, {"listen": ":1"}, {"stream_key": ""}, {"application": ""}]
)
def test_settings_that_cannot_be_are_named(setting: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"source_options\.rtmp"):
        Rtmp(Options(**setting))


def test_pictures_are_cut_to_fit_never_squeezed() -> None:
    camera = Camera(1280, 720)
    with listening(width=640, height=480) as source, streaming(source, camera) as obs:
        picture = flat(0, 1280, 720)
        cv2.circle(picture, (640, 360), 150, (255, 255, 255), -1)
        send(obs, camera, picture)
        lit = next_shot(source).pixels[..., 0] > 127
    wide, high = np.ptp(np.nonzero(lit.any(axis=0))[0]), np.ptp(np.nonzero(lit.any(axis=1))[0])
    assert [int(wide), int(high)] == pytest.approx([200, 200], abs=3)
