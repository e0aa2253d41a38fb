"""What counts as a gap, whose it is, and whether it is within its target."""

import numpy as np
import pytest

from rig.chaos.disturb import Mark
from rig.chaos.gaps import Seen, gaps_ms, seen
from rig.chaos.plan import Disturbance
from rig.chaos.record import Burst, Fault, VisitRecord
from rig.chaos.report import Visited, report
from rig.loudspeaker import Sounded
from shared.audio import VOICE_HZ

CALM = Seen(waits=(), holes=(), shown=tuple(100.0 + 0.1 * tick for tick in range(300)))


def mark(at: float, kind: str = "kill", stage: str = "tts", replicas: int = 2) -> Mark:
    return Mark(
        disturbance=Disturbance(1, kind, stage, "speaking", replicas=replicas),
        state="speaking",
        at=at,
        over_at=at + 2.0,
    )


def piece(turn: int, at: float, from_sample: int = 0) -> Sounded:
    pcm = np.zeros(VOICE_HZ, np.int16)
    return Sounded(turn=turn, from_sample=from_sample, at=round(at * VOICE_HZ), late=0, gain=1.0, pcm=pcm)


def gap(what: Seen, at: float = 105.0) -> float:
    return gaps_ms([mark(at)], what, usual_wait_s=0.5, usual_picture_s=0.1)[0]


def test_a_disturbance_that_nobody_noticed_has_no_gap() -> None:
    assert gap(CALM) == pytest.approx(0.0, abs=0.2)


def test_an_answer_is_late_by_what_it_takes_longer_than_answers_do() -> None:
    assert gap(Seen(waits=((104.0, 106.0),), holes=(), shown=CALM.shown)) == pytest.approx(1500.0)


def test_a_silence_inside_a_turn_counts_whole() -> None:
    assert gap(Seen(waits=(), holes=((105.2, 106.0),), shown=CALM.shown)) == pytest.approx(800.0)


def test_a_picture_that_stands_still_counts() -> None:
    still = tuple(at for at in CALM.shown if not 106.0 < at < 107.0)
    assert gap(Seen(waits=(), holes=(), shown=still)) == pytest.approx(900.0, abs=1.0)


def test_a_gap_belongs_to_the_disturbance_before_it() -> None:
    what = Seen(waits=((104.0, 106.0),), holes=(), shown=CALM.shown)
    assert gaps_ms([mark(101.0), mark(105.0)], what, 0.5, 0.1) == pytest.approx([0.0, 1500.0], abs=0.2)


def test_waits_and_holes_are_read_off_what_sounded() -> None:
    visit = VisitRecord(
        session="s", spoken=[Burst(10.0, 10.5)], ends_at=60.0,
        sounded=[piece(2, 5.0), piece(4, 11.0), piece(4, 12.4, VOICE_HZ)],
    )  # fmt: skip
    what = seen(visit, [], [])
    assert what.waits == ((10.5, 11.0),)
    assert what.holes[0] == pytest.approx((12.0, 12.4))


def visited(faults: list[Fault], *marks: Mark) -> Visited:
    return Visited(session="s", faults=faults, marks=list(marks), seen=CALM)


def test_faults_are_counted_by_kind_and_late_visits_once() -> None:
    faults = [Fault("lost", "ids", "x"), Fault("late", "end", "x"), Fault("late", "end", "y")]
    found = report([visited(faults, mark(105.0))], seed=7, has_fence=True)
    assert (found.lost, found.twice, found.late, found.is_clean) == (1, 0, 1, False)
    assert (found.seed, found.disturbances, found.visits) == (7, 1, 1)


def test_a_stage_alone_is_held_to_its_own_start_and_one_with_a_sibling_to_two_seconds() -> None:
    found = report([visited([], mark(105.0), mark(110.0, replicas=1))], seed=1, has_fence=True)
    assert found.gap_ms["stage, with a sibling"].target_max == 2000.0
    assert found.gap_ms["tts, alone"].target_max == 3500.0
    assert found.gap_ms["tts, alone"].is_met
    assert found.is_clean
