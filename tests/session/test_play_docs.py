"""What the page on plays says is true."""

import re
from pathlib import Path

from services.session.play import Anywhere, Capture, Line, Scene
from services.session.play_simulate import simulate
from tests.support.play_files import faults

PAGE = (Path(__file__).parents[2] / "docs" / "play.md").read_text(encoding="utf-8")


def example() -> str:
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return next(block for block in blocks if block.startswith("id: small"))


def test_the_smallest_play_has_no_fault() -> None:
    assert faults(example()) == []


def test_the_smallest_play_can_be_played() -> None:
    from services.session.play import parse_play

    play, _ = parse_play(example(), "small")
    assert play is not None
    outcomes = {one.visitor: one for one in simulate(play, runs=2).outcomes}
    assert (outcomes["warm"].full, outcomes["warm"].end_error_s) == (2, 0.0)


def test_every_handler_and_every_key_of_a_line_is_on_the_page() -> None:
    keys = [*Anywhere.__struct_fields__, *Line.__struct_fields__, *Capture.__struct_fields__]
    hidden = {"wait_s", "max_speech_s", "on"}
    assert [key for key in keys if key not in PAGE and key not in hidden] == []
    assert {kind for kind in ("gate", "enrol", "talk", "coda") if f"`{kind}`" not in PAGE} == set()
    assert "elastic" in Scene.__struct_fields__
