"""Which disturbances there will be follows from the seed alone."""

from collections import Counter
from random import Random

from rig.chaos.plan import AWAY, SCALE_DOWN, SCALE_UP, STAGES, STATES, Disturbance, next_of, plan, replicas_at_start

WHOLE_DECK = 137
"""136 cards, and the kiosk that stays away."""


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
            ("redis", "kill"), ("redis", "slow"), ("session", "kill"), ("session", "term"),
        }  # fmt: skip


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


def test_what_is_to_be_done_while_enrolling_waits_for_the_next_visit() -> None:
    early, late = Disturbance(1, "kill", "tts", "enrolling"), Disturbance(2, "kill", "tts", "speaking")
    assert next_of([early, late], has_enrolled=False) is early
    assert next_of([early, late], has_enrolled=True) is late
    assert next_of([early], has_enrolled=True) is early, "a run must come to its end"
