"""Two engines as one are named the same way at every stage."""

from pathlib import Path
from typing import Any

import pytest

from services.faceswap.sources import SOURCES
from shared.config import load_settings
from shared.engines import EngineChoice, Engines
from shared.errors import ConfigError, EngineUnavailable
from tests.support.engine_tables import TABLES

ROOT = Path(__file__).resolve().parent.parent.parent
EVERY = [pytest.param(table, name, id=f"{table.stage}-{name}") for table, name in TABLES]


def members(table: Engines[Any], name: str, options: dict[str, Any]) -> tuple[str, ...]:
    return table.members(EngineChoice(engine=name, options={name: options}))


@pytest.mark.parametrize(("table", "name"), EVERY)
def test_every_pair_has_its_order_from_the_settings(table: Engines[Any], name: str) -> None:
    shipped = load_settings(ROOT / "config" / "mirror.toml", {})[table.stage]
    options = shipped["source_options" if table is SOURCES else "options"][name]
    assert members(table, name, {}) == tuple(options["order"]), "what the file says is the default"
    turned = options["order"][::-1]
    assert members(table, name, {"order": turned}) == tuple(turned)
    assert members(table, name, {"order": ", ".join(turned)}) == tuple(turned), "as the environment may say it"


@pytest.mark.parametrize(("table", "name"), EVERY)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"first": "a", "second": "b"}, 'first and second became order: write order = ["a", "b"]'),
        ({"first": "a", "then": "b"}, 'first and then became order: write order = ["a", "b"]'),
        ({"then": "b"}, 'then became order: write order = ["...", "b"]'),
    ],
)
def test_an_old_name_is_told_the_new_one(table: Engines[Any], name: str, old: dict[str, str], new: str) -> None:
    kind = "source_options" if table is SOURCES else "options"
    with pytest.raises(ConfigError) as refused:
        members(table, name, old)
    assert str(refused.value) == f"[{table.stage}.{kind}.{name}] {new}"


@pytest.mark.parametrize(("table", "name"), EVERY)
def test_an_order_is_of_two_others(table: Engines[Any], name: str) -> None:
    one, two = members(table, name, {})
    for order in ([one, one], [name, two], [one], [one, two, one], one, "", 7, [one, ""]):
        with pytest.raises(ConfigError, match=r"order = .* must name two"):
            members(table, name, {"order": order})
    with pytest.raises(ConfigError, match="'nobody' is unknown"):
        members(table, name, {"order": [one, "nobody"]})


BEHIND = {"asr": "scripted", "llm": "improviser", "tts": "tone", "a2f_bridge": "embedded", "faceswap": "passthrough"}


@pytest.mark.parametrize(("table", "name"), [one for one in EVERY if one.values[0] is not SOURCES])
def test_a_pair_opens_without_a_preferred_one_whose_package_is_missing(table: Engines[Any], name: str) -> None:
    preferred, behind = members(table, name, {})[0], BEHIND[table.stage]
    poor = Engines[Any](table.stage, {**table.table, preferred: "no.such.package"})
    poor.open(EngineChoice(engine=name, options={name: {"order": [preferred, behind]}}))
    with pytest.raises(EngineUnavailable, match=f"{preferred!r} needs a package"):
        poor.open(EngineChoice(engine=preferred))


def test_a_pair_within_a_pair_counts_for_its_own_two() -> None:
    llm = next(table for table, name in TABLES if name == "hedge")
    options = {"hedge": {"order": "gemini,fallback"}, "fallback": {"order": "openai_compatible,improviser"}}
    assert llm.members(EngineChoice(engine="hedge", options=options)) == ("gemini", "openai_compatible", "improviser")


def test_two_pairs_that_wrap_each_other_are_refused() -> None:
    llm = next(table for table, name in TABLES if name == "hedge")
    options = {"hedge": {"order": "gemini,fallback"}, "fallback": {"order": "hedge,improviser"}}
    choice = EngineChoice(engine="hedge", options=options)
    for look in (llm.members, llm.open):
        with pytest.raises(ConfigError, match="hedge wraps fallback wraps hedge"):
            look(choice)
