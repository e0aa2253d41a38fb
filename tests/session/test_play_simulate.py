"""Whole visits with invented visitors, on a virtual clock."""

import itertools

import pytest

from services.session import director
from services.session.play_events import AnyOrder
from services.session.play_simulate import Outcome, end_error_s, must_said, simulate, simulate_visit
from services.session.play_visitors import VISITORS, Visitor
from tests.support.play_files import shipped

STAYS = [visitor for visitor in VISITORS if visitor.leaves == 0]


def named(visitor: Visitor) -> str:
    return visitor.name


@pytest.mark.parametrize("visitor", STAYS, ids=named)
@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_full_visit_ends_sharp_and_has_said_everything(visitor: Visitor, language: str) -> None:
    for seed in range(2):
        room = simulate_visit(shipped("mirror"), visitor, seed, language)
        assert room.state.ended in ("finished", "declined")
        if room.state.ended == "finished":
            assert end_error_s(room) <= 0.05
            assert must_said(room) == 1.0


@pytest.mark.parametrize("pace", [0.64, 1.35])
@pytest.mark.parametrize("name", ["short", "mirror"])
def test_a_fast_or_a_slow_voice_does_not_move_the_end(pace: float, name: str) -> None:
    for visitor in (VISITORS[0], VISITORS[5]):
        room = simulate_visit(shipped(name), visitor, 2, pace=pace)
        assert (room.state.ended, end_error_s(room)) == ("finished", 0.0)


def test_most_visitors_come_to_the_end() -> None:
    outcomes = {one.visitor: one for one in simulate(shipped("short"), runs=5).outcomes}
    for name in ("warm", "cutter", "unlucky", "model down"):
        assert outcomes[name].full == 5, outcomes[name]


def test_someone_who_walks_away_ends_the_visit() -> None:
    leaver = Visitor(name="gone", leaves=1.0)
    assert simulate_visit(shipped("short"), leaver, 1).state.ended == "left"


def test_someone_who_says_no_is_let_go() -> None:
    room = simulate_visit(shipped("short"), Visitor(name="no", agrees=0.0), 1)
    assert (room.state.scene, room.state.ended) == ("goodbye", "declined")
    assert room.now < 35


def test_no_line_is_said_twice_in_a_visit() -> None:
    twice = [one.said_twice for one in simulate(shipped("mirror"), runs=1).outcomes]
    assert twice == [()] * len(VISITORS)


def test_the_mirror_never_speaks_over_itself() -> None:
    room = simulate_visit(shipped("mirror"), STAYS[0], 5)
    mirror = sorted((begin, end) for begin, end, what in room.sounds if what != "visitor")
    assert all(end <= begin + 0.011 for (_, end), (begin, _) in itertools.pairwise(mirror))


def test_the_same_seed_gives_the_same_report() -> None:
    reports = [simulate(shipped("short"), runs=1, seed=3) for _ in range(2)]
    assert reports[0] == reports[1]
    assert all(isinstance(outcome, Outcome) for outcome in reports[0].outcomes)


def test_a_recorded_log_gives_the_same_states_and_orders() -> None:
    room = simulate_visit(shipped("mirror"), VISITORS[4], 7)
    state = director.open_play(shipped("mirror"), "en")
    orders: list[AnyOrder] = []
    for happening in room.log:
        state, new = director.step(state, happening.told, happening.now)
        orders += new
    assert state == room.state
    assert orders == [order for _, order in room.orders]
