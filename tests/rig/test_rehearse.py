"""A rehearsal before a running mirror: one that is not to be had is left alone, with the reason."""

import asyncio
from pathlib import Path

import pytest

from rig.rehearse import Place, rehearse
from rig.visitor import read_visitor
from shared import kiosk_wire as wire
from shared.errors import BadInput
from tests.support.rig_fake_session import TOKEN, fake_session

SILENT = Path(__file__).resolve().parent.parent / "visitors" / "silent"


async def test_a_visit_that_somebody_has_is_not_taken_from_them() -> None:
    async with fake_session() as session:
        place = Place(url=session.url, token=TOKEN, kiosk="left")
        rehearsing = asyncio.create_task(
            rehearse(read_visitor(SILENT), place, lambda _what, _share: None, keeps_pictures=False)
        )
        await session.until(lambda: bool(session.all_of(wire.Audio)))
        await session.tell(wire.Scene(look="copy", session="somebody"))
        with pytest.raises(BadInput, match="somebody has a visit before this mirror"):
            await rehearsing
        assert session.all_of(wire.Approach) == []
