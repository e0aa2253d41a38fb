"""Plays for tests: the shipped ones, and copies of them with one thing changed."""

from functools import cache
from pathlib import Path

from services.session.play import Play, parse_play
from services.session.play_check import check, load_play
from services.session.play_yaml import Problem

SCRIPTS = Path(__file__).parents[2] / "scripts"


@cache
def shipped(name: str) -> Play:
    """One of the plays in `scripts/`."""
    return load_play(SCRIPTS / f"{name}.yaml")


def text_of(name: str) -> str:
    """Its YAML."""
    return (SCRIPTS / f"{name}.yaml").read_text(encoding="utf-8")


def changed(old: str, new: str, name: str = "short") -> str:
    """The text of a shipped play with one passage replaced; it must occur."""
    text = text_of(name)
    assert old in text, f"{old!r} no longer stands in {name}.yaml"
    return text.replace(old, new, 1)


def faults(text: str) -> list[Problem]:
    """Everything the check says about a play's text."""
    play, problems = parse_play(text, "test.yaml")
    return problems if play is None else check(play)
