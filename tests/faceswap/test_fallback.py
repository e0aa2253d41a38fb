"""Two engines as one: covered at once, rested, proved unseen, taken back; and nothing that hangs holds up the picture."""

import threading
from collections.abc import Callable

import numpy as np
import pytest

from services.faceswap.engines.fallback import BothFaces, Fallback, Options
from services.faceswap.face_swapper import Image, Patch, Points, SourceFace
from services.faceswap.trust import Trust, TrustLimits, failed, succeeded
from shared.errors import BadInput, EngineFailed, EngineUnavailable

FRAME = np.zeros((8, 8, 3), np.uint8)
FACE = np.zeros((468, 3), np.float32)
LIMITS = Options(patience_s=5.0, slow_s=0.1, slow_frames=3, rest_s=4.0, max_rest_s=10.0, proof_frames=2)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Engine:
    """Puts its own number into its patches; does first whatever it is told to."""

    device = "test"

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.number = number
        self.before: Callable[[], None] = lambda: None
        self.prepared: list[Image] = []
        self.swaps = 0
        self.forgotten = 0
        self.is_closed = False

    def warm_up(self) -> None:
        self.before()

    def prepare(self, photo: Image) -> SourceFace:
        self.before()
        self.prepared.append(photo)
        return SourceFace(engine=self.name)

    def swap(self, frame: Image, source: SourceFace, face: Points) -> Patch | None:
        assert source.engine == self.name
        self.swaps += 1
        self.before()
        return Patch(left=0, top=0, pixels=np.full_like(frame, self.number), mask=np.zeros((8, 8), np.uint8))

    def forget(self) -> None:
        self.forgotten += 1

    def close(self) -> None:
        self.is_closed = True


def fail(error: Exception) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


class Room:
    """The pair, its engines and its clock."""

    def __init__(self, options: Options = LIMITS) -> None:
        self.clock = Clock()
        self.first, self.then = Engine("first", 1), Engine("then", 2)
        self.pair = Fallback(self.first, self.then, options=options, clock=self.clock)
        self.pair.warm_up()
        self.source = self.pair.prepare(FRAME)

    def frame(self, source: BothFaces | None = None) -> int:
        """The number of the engine whose picture is shown; the unseen trial, if there is one, is over when it returns."""
        patch = self.pair.swap(FRAME, source or self.source, FACE)
        if self.pair._trial is not None:
            assert self.pair._trial._done.wait(10)
        self.clock.now += 0.04
        assert patch is not None
        return int(patch.pixels[0, 0, 0])


def test_while_it_works_only_the_first_swaps() -> None:
    room = Room()
    assert [room.frame() for _ in range(5)] == [1] * 5
    assert (room.pair.name, room.pair.device, room.pair.switches, room.pair.last_error) == ("first", "test", 0, "")
    assert room.then.swaps == 0


@pytest.mark.parametrize("error", [EngineFailed("broke"), EngineUnavailable("gone"), BadInput("odd")])
def test_the_very_frame_on_which_the_first_fails_is_swapped_by_the_second(error: Exception) -> None:
    room = Room()
    room.frame()
    room.first.before = fail(error)
    assert room.frame() == 2
    assert (room.pair.name, room.pair.switches, room.pair.last_error) == ("then", 1, str(error))


def test_a_failed_engine_rests_and_comes_back_once_it_has_proved_itself_unseen() -> None:
    room = Room()
    room.first.before = fail(EngineFailed("broke"))
    shown = [room.frame()]
    room.first.before = lambda: None
    rested = room.first.swaps
    shown += [room.frame() for _ in range(3)]
    assert room.first.swaps == rested
    room.clock.now += LIMITS.rest_s
    shown += [room.frame() for _ in range(4)]
    assert shown == [2] * 6 + [1, 1]
    assert (room.pair.name, room.pair.switches, room.pair.last_error) == ("first", 1, "")


def test_an_engine_that_fails_its_trial_rests_twice_as_long_and_is_not_counted_again() -> None:
    room = Room()
    room.first.before = fail(EngineFailed("broke"))
    room.frame()
    room.clock.now += LIMITS.rest_s
    room.frame()
    room.frame()
    tried = room.first.swaps
    room.clock.now += LIMITS.rest_s
    assert room.frame() == 2
    assert room.first.swaps == tried
    room.clock.now += LIMITS.rest_s
    room.frame()
    assert room.first.swaps == tried + 1
    assert room.pair.switches == 1


def test_a_first_engine_that_hangs_is_left_behind_and_not_asked_while_it_hangs() -> None:
    never = threading.Event()
    room = Room(Options(patience_s=0.05, rest_s=1.0, proof_frames=1))

    def hang() -> None:
        never.wait(30)

    room.first.before = hang
    assert room.pair.swap(FRAME, room.source, FACE) is not None
    assert "no answer within 0.05 s" in room.pair.last_error
    room.clock.now += 100
    room.pair.forget()
    assert room.pair.swap(FRAME, room.source, FACE) is not None
    assert room.first.swaps == 1
    room.pair.close()
    assert (room.then.is_closed, room.first.is_closed) == (True, False)
    never.set()


def test_slow_frames_in_a_row_cost_the_trust_and_one_does_not() -> None:
    room = Room()

    def dawdle() -> None:
        room.clock.now += 0.2

    shown = []
    for is_slow in (True, True, False, True, True, True, False):
        room.first.before = dawdle if is_slow else lambda: None
        shown.append(room.frame())
    assert shown == [1, 1, 1, 1, 1, 1, 2]
    assert room.pair.last_error == "3 frames in a row took longer than 100 ms each"
    assert room.pair.switches == 1


def test_an_engine_that_came_back_after_the_photo_learns_it_then() -> None:
    room = Room()
    room.first.before = fail(EngineFailed("broke"))
    room.frame()
    later = room.pair.prepare(np.full_like(FRAME, 7))
    room.first.before = lambda: None
    room.clock.now += LIMITS.rest_s
    assert [room.frame(later) for _ in range(3)] == [2, 2, 1]
    assert [int(photo[0, 0, 0]) for photo in room.first.prepared] == [0, 7]


def test_a_trial_of_the_last_visit_never_lends_its_face_to_the_next() -> None:
    room = Room()
    room.first.before = fail(EngineFailed("broke"))
    one, other = room.pair.prepare(FRAME), room.pair.prepare(FRAME)
    room.first.before = lambda: None
    room.clock.now += LIMITS.rest_s
    room.frame(one)
    room.pair.forget()
    assert room.pair._forgetting is not None
    room.pair._forgetting.result(10, "forgetting")
    room.frame(other)
    assert one.first[0] is not other.first[0]


def test_a_first_engine_that_cannot_be_warmed_is_warmed_later() -> None:
    clock, first, then = Clock(), Engine("first", 1), Engine("then", 2)
    first.before = fail(EngineUnavailable("no device"))
    pair = Fallback(first, then, options=LIMITS, clock=clock)
    pair.warm_up()
    assert (pair.name, pair.last_error) == ("then", "no device")
    first.before = lambda: None
    clock.now += LIMITS.rest_s
    source = pair.prepare(FRAME)
    for _ in range(3):
        pair.swap(FRAME, source, FACE)
        assert pair._trial is None or pair._trial._done.wait(10)
    assert pair.name == "first"


def test_a_first_engine_that_cannot_even_be_opened_leaves_the_second_alone() -> None:
    pair = Fallback(None, Engine("then", 2), "not installed")
    assert (pair.name, pair.switches, pair.last_error) == ("then", 1, "not installed")
    assert pair.swap(FRAME, pair.prepare(FRAME), FACE) is not None
    pair.forget()
    pair.close()


def test_forgetting_reaches_both() -> None:
    room = Room()
    room.pair.forget()
    assert (room.first.forgotten, room.then.forgotten) == (1, 1)


def test_a_program_error_of_the_first_engine_is_not_hidden() -> None:
    room = Room()
    room.first.before = fail(ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError):
        room.frame()


# --- trust


def test_rests_double_up_to_the_longest_and_begin_anew_after_a_long_good_time() -> None:
    limits = TrustLimits(rest_s=5, max_rest_s=30, proof_frames=1)
    trust, rests, now = Trust(), [], 1000.0
    for _ in range(5):
        trust = failed(trust, "x", now, limits)
        rests.append(trust.rests_until - now)
        trust = succeeded(trust, 0.01, now := now + 31, limits)
        now += 1
    assert rests == [5, 10, 20, 30, 30]
    trust = failed(trust, "x", now + 100, limits)
    assert trust.rests_until == now + 105


def test_a_slow_trial_is_a_failed_trial() -> None:
    limits = TrustLimits(slow_s=0.1, proof_frames=2)
    trust = failed(Trust(), "x", 0.0, limits)
    assert succeeded(trust, 0.3, 10.0, limits).why == "a frame took 300 ms"
    assert succeeded(succeeded(trust, 0.01, 10.0, limits), 0.01, 10.0, limits).is_trusted
