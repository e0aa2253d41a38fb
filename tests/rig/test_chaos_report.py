"""What counts as a gap, whose it is, and whether it is within its target."""

import numpy as np
import pytest

from rig.chaos.disturb import Mark
from rig.chaos.gaps import FEWEST, REPLY, Seen, Usual, Wait, gaps_ms, seen, usual
from rig.chaos.plan import Disturbance
from rig.chaos.record import Burst, Fault, Noted, Span, VisitRecord
from rig.chaos.report import Visited, report
from rig.loudspeaker import Sounded
from shared.audio import VOICE_HZ
from shared.events import LineWanted
from shared.streams import StreamId

SHOWN = tuple(100.0 + 0.1 * tick for tick in range(300))
CALM = Seen(waits=(), holes=(), shown=SHOWN)
USUAL = Usual(waits={REPLY: 0.5, "look": 0.9}, picture_s=0.1)


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


def gaps(what: Seen, *at: float) -> list[float]:
    return gaps_ms([mark(one) for one in at], what, USUAL).of_marks


def waited(ended_at: float, sounded_at: float, kind: str = REPLY) -> Seen:
    return Seen(waits=(Wait(ended_at, sounded_at, kind),), holes=(), shown=SHOWN)


def test_a_disturbance_that_nobody_noticed_has_no_gap() -> None:
    assert gaps(CALM, 105.0) == pytest.approx([0.0], abs=0.2)


def test_an_answer_is_late_by_what_it_takes_longer_than_answers_do() -> None:
    assert gaps(waited(104.8, 106.8), 105.0) == pytest.approx([1500.0])


def test_a_line_that_the_play_goes_on_with_is_held_to_what_that_line_takes() -> None:
    assert gaps(waited(104.8, 106.8, "look"), 105.0) == pytest.approx([1100.0])
    assert gaps(waited(104.8, 106.8, "seldom"), 105.0) == pytest.approx([1500.0])


def test_a_silence_inside_a_turn_counts_whole() -> None:
    assert gaps(Seen(waits=(), holes=((105.2, 106.0),), shown=SHOWN), 105.0) == pytest.approx([800.0])


def test_a_picture_that_stands_still_counts() -> None:
    still = tuple(at for at in SHOWN if not 106.0 < at < 107.0)
    assert gaps(Seen(waits=(), holes=(), shown=still), 105.0) == pytest.approx([900.0], abs=1.0)


def test_a_hole_belongs_to_the_disturbance_after_which_it_began_though_it_ends_behind_the_next() -> None:
    assert gaps(waited(101.0, 106.0), 101.0, 105.0) == pytest.approx([4500.0, 0.0], abs=0.2)
    assert gaps(Seen(waits=(), holes=((104.9, 106.0),), shown=SHOWN), 101.0, 105.0)[1] == pytest.approx(0.0, abs=0.2)


def test_an_answer_that_was_about_to_come_is_the_doing_of_who_disturbed_then() -> None:
    assert gaps(waited(104.4, 107.0), 101.0, 105.0) == pytest.approx([0.0, 2100.0], abs=0.2)


def test_a_hole_that_is_nobodys_is_told_all_the_same() -> None:
    found = gaps_ms([mark(110.0)], waited(101.0, 106.0), USUAL)
    assert (found.of_marks[0], found.calm) == pytest.approx((0.0, 4500.0), abs=0.2)


def test_waits_and_holes_are_read_off_what_sounded() -> None:
    look = LineWanted(turn=6, seq=1, line="look", text="look", language="en", voice="host")
    visit = VisitRecord(
        session="s", spoken=[Burst(10.0, 10.5), Burst(14.0, 14.5)], ends_at=60.0, must_say={"a": ["look"]},
        entries=[Noted("lines", StreamId(6, 1), look)],
        sounded=[piece(2, 5.0), piece(4, 11.0), piece(4, 12.4, VOICE_HZ), piece(6, 15.4)],
    )  # fmt: skip
    what = seen(visit, [], [])
    assert what.waits == (Wait(10.5, 11.0, REPLY), Wait(14.5, 15.4, "look"))
    assert what.holes[0] == pytest.approx((12.0, 12.4))


def test_nobody_is_late_with_an_answer_to_what_was_said_to_a_kiosk_without_a_line() -> None:
    visit = VisitRecord(
        session="s", spoken=[Burst(10.0, 10.5), Burst(20.0, 20.5)], ends_at=60.0, away=[Span(9.0, 11.0)],
        sounded=[piece(4, 16.0), piece(6, 21.0)],
    )  # fmt: skip
    assert seen(visit, [], []).waits == (Wait(20.5, 21.0),)


def test_what_is_usual_is_the_median_of_what_was_not_disturbed_by_kind_of_answer() -> None:
    calm = [Wait(110.0 + at, 110.9 + at, "look") for at in range(FEWEST)]
    disturbed = Wait(105.1, 109.0, REPLY), Wait(105.2, 109.0, "look")
    replies = Wait(100.0, 100.4), Wait(120.0, 120.5), Wait(130.0, 130.6)
    found = usual([([mark(105.0)], Seen(waits=(*calm, *disturbed, *replies), holes=(), shown=SHOWN))])
    assert found.waits == pytest.approx({REPLY: 0.5, "look": 0.9})


def test_a_kind_of_answer_that_was_seldom_left_alone_has_nothing_usual_of_its_own() -> None:
    waits = (*(Wait(105.1, 109.0, "look") for _ in range(FEWEST)), Wait(120.0, 120.5), Wait(130.0, 130.9, "look"))
    found = usual([([mark(105.0)], Seen(waits=waits, holes=(), shown=SHOWN))])
    assert found.wait_s("look") == pytest.approx(0.5)


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
