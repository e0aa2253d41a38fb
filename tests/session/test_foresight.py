import msgspec

from services.session import director
from services.session.director_state import PlayState
from services.session.foresight import CODA_KNOWN_S, dues
from services.session.play_check import load_play
from services.session.play_clock import coda_starts
from tests.support.visit_world import ROOT


def visit(scene: str, *, now: float, said: tuple[str, ...] = ()) -> PlayState:
    state = director.open_play(load_play(ROOT / "scripts" / "mirror.yaml"), "en")
    return msgspec.structs.replace(state, scene=scene, entered_at=now, now=now, said=said)


def test_what_comes_first_in_a_scene_that_begins_is_due_at_once() -> None:
    assert dues(visit("waking", now=60.0))["first_self"] == 60.0


def test_a_line_is_due_no_later_than_its_scene_can_begin() -> None:
    state = visit("waking", now=60.0)
    shortest = {scene.id: scene.time.min for scene in state.play.scenes}
    found = dues(state)
    assert found["hidden_ask"] == 60.0 + shortest["waking"]
    assert found["carry_ask"] == 60.0 + shortest["waking"] + shortest["hidden"]


def test_lines_that_were_said_are_due_no_more_and_take_no_time() -> None:
    fresh, asked = visit("question", now=40.0), visit("question", now=40.0, said=("ask_room",))
    assert "ask_room" not in dues(asked)
    assert dues(asked)["first_self"] == 40.0
    assert dues(fresh)["first_self"] > 40.0


def test_the_codas_length_is_known_before_it_decides_anything() -> None:
    state = visit("waking", now=60.0)
    coda = state.play.scene(state.play.coda)
    starts = coda_starts(state.play, "en", {})
    assert {dues(state)[line] for line in coda.must_say} == {starts - CODA_KNOWN_S}


def test_beside_the_way_to_the_coda_nothing_is_due() -> None:
    assert dues(visit("goodbye", now=30.0)) == {}
