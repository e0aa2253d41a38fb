"""A page that comes back while its visitor is being forgotten is shown what they should see: the farewell, to its end."""

import asyncio
from pathlib import Path

from services.session.config import SessionConfig
from services.session.house import House
from services.session.kiosks import Kiosk
from services.session.play_check import load_play
from shared import kiosk_wire as wire
from shared.clock import LoopClock
from shared.events import SessionOpened
from shared.memory_bus import MemoryBus
from tests.support.virtual_time import run_virtual

PLAY = load_play(Path(__file__).resolve().parent.parent.parent / "scripts" / "short.yaml")
OPENED = SessionOpened(session="v", kiosk="mirror", language="nl", script="short")


class Page:
    """Takes what is sent to it."""

    def __init__(self) -> None:
        self.taken: list[wire.Down] = []

    async def send_bytes(self, data: bytes) -> None:
        self.taken.append(wire.decode_down(data))

    def seen(self) -> list[tuple[str, str]]:
        shown = [one for one in self.taken if isinstance(one, wire.Scene | wire.Forgotten)]
        return [(one.look, one.language) if isinstance(one, wire.Scene) else ("forgotten", "") for one in shown]


def house_kiosk() -> Kiosk:
    clock = LoopClock()
    return House(MemoryBus(clock), clock, SessionConfig(needs=()), PLAY).kiosk("mirror")


def test_a_page_that_comes_back_in_the_farewell_sees_it_to_its_end() -> None:
    async def scenario() -> None:
        kiosk, page, later = house_kiosk(), Page(), Page()
        ending = asyncio.create_task(kiosk._farewell(OPENED, "finished"))
        await asyncio.sleep(1.0)
        back = asyncio.create_task(kiosk.attend(page, wire.Hello(token="", resume="v")))
        await ending
        await asyncio.sleep(0.1)
        assert page.seen() == [("farewell", "nl"), ("forgotten", ""), ("attract", "en")]
        back.cancel()
        await asyncio.wait({back})
        next_day = asyncio.create_task(kiosk.attend(later, wire.Hello(token="")))
        await asyncio.sleep(0.1)
        next_day.cancel()
        await asyncio.wait({next_day})
        assert later.seen() == [("attract", "en")]

    run_virtual(scenario())


def test_in_the_farewell_the_visits_own_page_takes_the_place_of_a_connection_that_broke_unheard() -> None:
    async def scenario() -> None:
        kiosk = house_kiosk()
        old = asyncio.create_task(kiosk.attend(Page(), wire.Hello(token="")))
        await asyncio.sleep(0.1)
        ending = asyncio.create_task(kiosk._farewell(OPENED, "finished"))
        await asyncio.sleep(1.0)
        assert kiosk.may_connect(wire.Hello(token="", resume="v"))
        assert not kiosk.may_connect(wire.Hello(token="", resume="another"))
        assert not kiosk.may_connect(wire.Hello(token=""))
        await ending
        assert not kiosk.may_connect(wire.Hello(token="", resume="v"))
        old.cancel()
        await asyncio.wait({old})

    run_virtual(scenario())
