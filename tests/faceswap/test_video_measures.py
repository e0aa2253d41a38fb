"""Measuring the video: the card that carries its time, and the benchmark."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.faceswap.timed_card import draw_card, read_card
from services.faceswap.video_benchmark import Seen, Way, measure, stall_of
from services.faceswap.video_publisher import Sending

pytestmark = pytest.mark.engine


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
    sending = Sending(url="", width=320, height=192, seconds=1.5)
    taken = measure(Way(key="x", title="RTMP", sending=sending))
    assert len(taken.seen) >= 3
    ages = [one.at - one.drawn_at for one in taken.seen]
    assert min(ages) > 0.0
    assert [one.drawn_at for one in taken.seen] == sorted(one.drawn_at for one in taken.seen)


def test_a_stall_is_found_where_the_longest_gap_is() -> None:
    before = [Seen(at=10 + n / 24, drawn_at=10 + n / 24 - 0.02) for n in range(24)]
    after = [Seen(at=13.0 + n * 0.03, drawn_at=12.95 + n * 0.03) for n in range(10)]
    gap_s, age_ms, at_once = stall_of(before + after)
    assert (round(gap_s, 2), round(age_ms)) == (2.04, 50)
    assert at_once == 4
