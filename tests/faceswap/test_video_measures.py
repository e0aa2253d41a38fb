"""Measuring and judging the video: the card that carries its time, the benchmark, the checkup."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.faceswap import video_checkup
from services.faceswap.timed_card import draw_card, read_card
from services.faceswap.video_benchmark import Seen, Way, measure, stall_of
from services.faceswap.video_checkup import judge, video_findings
from services.faceswap.video_publisher import Sending
from services.faceswap.video_source import VideoStatus
from tests.support.video import listening

pytestmark = pytest.mark.engine


def silent(share: float, what: str) -> None:
    """Tells nobody."""


@settings(deadline=None, max_examples=40)
@given(st.floats(0.0, 1e8), st.sampled_from([(1280, 720), (640, 360), (1920, 1080)]), st.sampled_from([1.0, 0.5, 0.4]))
def test_a_card_tells_when_it_was_drawn_after_shrinking_and_coding(
    now: float, size: tuple[int, int], scale: float
) -> None:
    card = draw_card(*size, now)
    coded = cv2.imencode(".jpg", cv2.resize(card, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))[1]
    read = read_card(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8))
    assert read is not None
    assert now - read == pytest.approx(0.0, abs=1.1e-4)


def test_a_picture_that_is_no_card_or_a_damaged_one_tells_no_time() -> None:
    assert read_card(np.zeros((360, 640, 3), np.uint8)) is None
    assert read_card(np.full((360, 640, 3), 128, np.uint8)) is None
    card = draw_card(640, 360, 1234.5)
    card[:45, 300:330] = 255 - card[:45, 300:330]
    assert read_card(card) is None


def test_the_benchmark_sees_what_a_real_sender_drew_and_when() -> None:
    sending = Sending(url="", width=320, height=192, seconds=2.0)
    taken = measure(Way(key="x", title="RTMP", sending=sending))
    assert len(taken.seen) >= 15
    ages = [one.at - one.drawn_at for one in taken.seen]
    assert min(ages) > 0.0
    assert np.median(ages) < 0.5
    assert [one.drawn_at for one in taken.seen] == sorted(one.drawn_at for one in taken.seen)


def test_a_stall_is_found_where_the_longest_gap_is() -> None:
    before = [Seen(at=10 + n / 24, drawn_at=10 + n / 24 - 0.02) for n in range(24)]
    after = [Seen(at=13.0 + n * 0.03, drawn_at=12.95 + n * 0.03) for n in range(10)]
    gap_s, age_ms, at_once = stall_of(before + after)
    assert (round(gap_s, 2), round(age_ms)) == (2.04, 50)
    assert at_once == 4


GOOD = VideoStatus(width=1280, height=720, fps=24.0, delay_ms=8.0, connections=1, shown=100)


def test_good_video_is_right_and_tells_size_rate_and_delay() -> None:
    (finding,) = judge("rtmp", GOOD, (640, 480))
    assert (finding.state, finding.cure) == ("right", "")
    assert finding.found == "1280x720, 24.0 fps, 8 ms"
    assert finding.figures == {"fps": 24.0, "delay_ms": 8.0}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fps": 11.0}, "capped at 24"),
        ({"delay_ms": 200.0}, "too busy"),
        ({"width": 320, "height": 240}, "smaller than the mirror's 640x480"),
        ({"advice": "the sender uses B-frames"}, "B-frames"),
    ],
)
def test_video_that_could_be_better_says_what_to_change(change: dict[str, object], says: str) -> None:
    status = VideoStatus(**{"width": 1280, "height": 720, "fps": 24.0, "delay_ms": 8.0, "connections": 1} | change)  # type: ignore[arg-type]
    (finding,) = judge("rtmp", status, (640, 480))
    assert finding.state == "missing"
    assert says in finding.cure


def test_no_publisher_is_wrong_unless_somebody_can_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_checkup, "ARRIVAL_S", 0.05)
    options = {"rtmp": {"listen": "127.0.0.1:0"}, "stand_in": {"live_link_listen": "127.0.0.1:0"}}
    (alone,) = video_findings({"faceswap": {"source": "rtmp", "source_options": options}}, silent)
    assert (alone.check, alone.state) == ("video in (rtmp)", "wrong")
    assert "start streaming in OBS" in alone.cure
    (pair,) = video_findings({"faceswap": {"source": "understudy", "source_options": options}}, silent)
    assert pair.state == "missing"


def test_a_port_that_the_running_mirror_has_is_no_fault_of_the_rig() -> None:
    with listening() as running:
        options = {"rtmp": {"listen": f"127.0.0.1:{running.port}"}}
        (finding,) = video_findings({"faceswap": {"source": "rtmp", "source_options": options}}, silent)
    assert finding.state == "missing"
    assert "operator page" in finding.cure


def test_a_source_that_cannot_be_is_a_finding_and_no_crash() -> None:
    for wrong in (
        {"source": "rtmpp"},
        {"source": "film", "source_options": {"film": {"file": "nowhere.mp4"}}},
        {"sauce": 1},
    ):
        (finding,) = video_findings({"faceswap": wrong}, silent)
        assert finding.state == "wrong"
        assert finding.cure
