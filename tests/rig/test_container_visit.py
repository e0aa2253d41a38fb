"""A visit to a mirror in containers that does not begin: one error that says why."""

from pathlib import Path

import pytest

from rig.chaos import lasting_kiosk
from rig.containers.house import House
from rig.containers.visit import visited
from rig.service import ROOT
from rig.visitor import read_visitor
from services.session.play_check import load_play
from shared import kiosk_wire as wire
from shared.errors import EngineFailed
from tests.support.rig_fake_session import TOKEN, fake_session


@pytest.mark.parametrize(
    ("answer", "why"),
    [(None, "it does not answer"), (wire.Refused(reason="not_ready", detail="tts is away"), "tts is away")],
)
async def test_a_visit_that_never_begins_says_why(
    answer: wire.Refused | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting_kiosk, "BEGIN_S", 0.5)
    visitor, script = read_visitor(ROOT / "tests" / "visitors" / "terse"), Path("scripts/short.yaml")
    async with fake_session(on_approach=answer) as session:
        house = House(session.url, TOKEN, "redis://127.0.0.1:1/0", str(script))
        with pytest.raises(EngineFailed, match=f"no visit began at .* within 0 s: {why}"):
            await visited(visitor, load_play(ROOT / script), house)
        assert session.all_of(wire.Approach)
