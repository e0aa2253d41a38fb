import threading

import numpy as np
import pytest

from services.faceswap.alignment import Square
from services.faceswap.arrays import Floats
from services.faceswap.engines.inswapper_detecting import Answer, DetectorThread
from services.faceswap.face_swapper import Image
from shared.errors import EngineFailed

SQUARE = Square(0.0, 0.0, 1.0, 0.0)


def cut(number: int) -> Image:
    return np.full((1, 1, 3), number, np.uint8)


def until_answered(thread: DetectorThread) -> Answer:
    """Looks again and again, as frame after frame does; the test's own deadline ends it."""
    while (answer := thread.answer()) is None:
        threading.Event().wait(0.001)
    return answer


def test_the_newest_question_is_answered_and_those_before_it_are_dropped() -> None:
    may_go_on, seen, is_looking = threading.Event(), [], threading.Event()

    def find(picture: Image, square: Square) -> Floats | None:
        del square
        seen.append(int(picture[0, 0, 0]))
        is_looking.set()
        may_go_on.wait(10)
        return np.full((5, 2), picture[0, 0, 0], np.float32)

    thread = DetectorThread(find)
    thread.ask(cut(1), SQUARE)
    assert is_looking.wait(10)
    thread.ask(cut(2), SQUARE)
    thread.ask(cut(3), SQUARE)
    may_go_on.set()
    answer = until_answered(thread)
    thread.close()
    assert seen == [1, 3]
    assert answer.five is not None
    assert answer.five[0, 0] == 3


def test_nobody_waits_for_a_detector_that_hangs() -> None:
    never = threading.Event()

    def find(picture: Image, square: Square) -> Floats | None:
        del picture, square
        never.wait(30)
        return None

    thread = DetectorThread(find)
    thread.ask(cut(1), SQUARE)
    assert thread.answer() is None
    never.set()
    thread.close()


def test_a_failure_is_raised_where_the_answer_is_wanted() -> None:
    def find(picture: Image, square: Square) -> Floats | None:
        raise EngineFailed("test: the detector broke")

    thread = DetectorThread(find)
    thread.ask(cut(1), SQUARE)
    with pytest.raises(EngineFailed, match="the detector broke"):
        until_answered(thread)
    thread.close()


def test_after_forgetting_nothing_asked_before_is_answered() -> None:
    is_done = threading.Event()

    def find(picture: Image, square: Square) -> Floats | None:
        del square
        if picture[0, 0, 0] == 2:
            is_done.set()
        return np.full((5, 2), picture[0, 0, 0], np.float32)

    thread = DetectorThread(find)
    thread.ask(cut(1), SQUARE)
    thread.forget()
    thread.ask(cut(2), SQUARE)
    assert until_answered(thread).five is not None
    assert is_done.is_set()
    assert thread.answer() is None
    thread.close()
