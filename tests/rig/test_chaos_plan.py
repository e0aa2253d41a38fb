"""Which disturbances there will be follows from the seed alone."""

from collections import Counter
from random import Random

from rig.chaos.plan import (
    AWAY,
    FAREWELL,
    SCALE_DOWN,
    SCALE_UP,
    STAGES,
    STATES,
    Disturbance,
    next_of,
    plan,
    replicas_at_start,
)

WHOLE_DECK = 179
"""178 cards, and the kiosk that stays away."""


def test_the_same_seed_chooses_the_same_disturbances() -> None:
    assert plan(60, Random(7)) == plan(60, Random(7))
    assert plan(60, Random(7)) != plan(60, Random(8))


def test_a_whole_deck_has_every_kind_in_every_state() -> None:
    found = Counter((one.stage, one.state, one.kind) for one in plan(WHOLE_DECK, Random(1)))
    for state in STATES:
        for stage in STAGES:
            kinds = {kind for of, where, kind in found if (of, where) == (stage, state)}
            assert kinds >= {"kill", "zombie", "term", "poison_bytes"}
            assert kinds & {SCALE_UP, SCALE_DOWN}
        assert {(of, kind) for of, where, kind in found if where == state} >= {
            ("redis", "kill"), ("redis", "term"), ("redis", "slow"), ("redis", "full_disk"), ("redis", "full_memory"),
            ("session", "kill"), ("session", "term"),
        }  # fmt: skip


def test_every_clock_jumps_and_every_stage_is_killed_twice_in_a_row() -> None:
    found = {(one.stage, one.kind) for one in plan(WHOLE_DECK, Random(1))}
    assert {stage for stage, kind in found if kind == "jump"} == {*STAGES, "session", "redis"}
    assert {stage for stage, kind in found if kind == "kill_twice"} == {*STAGES}


def test_the_last_word_is_disturbed_too() -> None:
    found = {(one.stage, one.kind) for one in plan(WHOLE_DECK, Random(1)) if one.state == FAREWELL}
    assert found >= {("tts", "kill"), ("session", "kill"), ("redis", "kill"), ("kiosk", "cut")}


def test_stages_grow_and_shrink_in_turn_and_never_beyond_two() -> None:
    disturbances = plan(300, Random(3))
    replicas = replicas_at_start(disturbances)
    for one in disturbances:
        if one.stage in STAGES:
            assert one.replicas == replicas[one.stage]
        if one.kind in (SCALE_UP, SCALE_DOWN):
            replicas[one.stage] += 1 if one.kind == SCALE_UP else -1
            assert replicas[one.stage] in (1, 2)


def test_a_kiosk_stays_away_for_a_minute_at_most_once_and_only_in_a_long_run() -> None:
    assert [one.kind for one in plan(200, Random(1))].count(AWAY) == 1
    assert AWAY not in [one.kind for one in plan(60, Random(1))]


EARLY, LATE = Disturbance(1, "kill", "tts", "enrolling"), Disturbance(2, "kill", "tts", "speaking")
LAST = Disturbance(3, "kill", "tts", FAREWELL)


def test_what_is_to_be_done_while_enrolling_waits_for_the_next_visit() -> None:
    left = [EARLY, LAST, LATE]
    assert next_of(left, has_enrolled=False, is_ending=False) is EARLY
    assert next_of(left, has_enrolled=True, is_ending=False) is LATE


def test_near_the_end_nothing_is_begun_but_what_is_done_in_the_farewell() -> None:
    assert next_of([EARLY, LATE, LAST], has_enrolled=True, is_ending=True) is LAST
    assert next_of([EARLY, LATE], has_enrolled=True, is_ending=True) is None
    assert next_of([EARLY, LAST], has_enrolled=True, is_ending=False) is None


def test_no_line_is_cut_at_the_gate_where_it_would_cost_the_visit() -> None:
    cut = Disturbance(4, "cut", "kiosk", "listening")
    last = cut._replace(state=FAREWELL)
    assert next_of([cut, LATE], has_enrolled=False, is_ending=False) is LATE
    assert next_of([cut, LATE], has_enrolled=True, is_ending=False) is cut
    assert next_of([cut._replace(state="enrolling")], has_enrolled=False, is_ending=False) is not None
    assert next_of([last], has_enrolled=False, is_ending=True) is last
