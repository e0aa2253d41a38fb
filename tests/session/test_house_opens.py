"""The session service comes up without Redis, says what is wrong with it, and opens when it can."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from services.session.app import NOT_OPEN, Tokens, build_app
from services.session.config import SessionConfig
from services.session.house import House
from services.session.play_check import load_play
from shared import kiosk_wire as wire
from shared.clock import HostClock, LoopClock
from shared.errors import BusUnavailable
from shared.events import SessionOpened, encode
from shared.memory_bus import MemoryBus
from shared.streams import SESSIONS, START, StreamId
from tests.support.virtual_time import run_virtual

PLAY = load_play(Path(__file__).resolve().parent.parent.parent / "scripts" / "short.yaml")
REFUSAL = "Redis refuses the password in REDIS_URL; give redis://:PASSWORD@host:port/0"


class ShyBus(MemoryBus):
    """Refuses whoever asks for the first `times` times."""

    times = 10**6

    async def check_server(self) -> None:
        self.times -= 1
        if self.times >= 0:
            raise BusUnavailable(
                REFUSAL if self.times > 2 else f"Redis cannot be reached ({self.times}); is it running?"
            )


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr("services.session.app.OPEN_PATIENCE_S", 0.0)
    clock = HostClock()
    house = House(ShyBus(clock), clock, SessionConfig(needs=()), PLAY)
    with TestClient(build_app(house, Tokens(kiosk="k", operator="o"))) as client:
        yield client


def test_the_operator_page_says_why_redis_is_not_used(client: TestClient) -> None:
    assert client.get("/operator").status_code == 200
    with client.websocket_connect("/operator/socket?token=o") as operator:
        while not (told := operator.receive_json()["bus"]["detail"]):
            pass
    assert told == REFUSAL
    assert client.get("/health").status_code == 503


def test_a_kiosk_is_asked_to_come_again_with_the_reason(client: TestClient) -> None:
    with client.websocket_connect("/kiosk/socket") as socket:
        socket.send_bytes(wire.encode(wire.Hello(token="k")))
        refused: Any = wire.decode_down(socket.receive_bytes())
        assert refused.reason == "not_open"
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_bytes()
    assert closed.value.code == NOT_OPEN


def test_the_house_opens_once_redis_takes_us_and_says_each_trouble_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> House:
        bus = ShyBus(LoopClock())
        bus.times = 5
        house = House(bus, LoopClock(), SessionConfig(needs=()), PLAY)
        await house.open_when_possible()
        return house

    house = run_virtual(scenario())
    assert (house.is_open, house.bus_trouble) == (True, "")
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        REFUSAL, "Redis cannot be reached (2); is it running?"
    ]  # fmt: skip


class FaintingBus(MemoryBus):
    """Goes away while the second session that was left is being wiped."""

    is_there = False
    appended = 0

    async def append(self, key: str, payload: bytes, cap: int) -> StreamId:
        self.appended += 1
        if self.appended == 5 and not self.is_there:
            raise BusUnavailable("away")
        return await super().append(key, payload, cap)


def test_a_redis_that_goes_while_the_house_opens_is_waited_for_and_nothing_is_wiped_twice() -> None:
    async def scenario() -> int:
        clock = LoopClock()
        bus = FaintingBus(clock)
        for session in ("one", "two"):
            old = SessionOpened(session=session, at=clock.now() - 9999, kiosk=session, language="en", script="short")
            await bus.append(SESSIONS, encode(old), 99)
        house = House(bus, clock, SessionConfig(needs=()), PLAY)
        opening = asyncio.create_task(house.open_when_possible())
        await asyncio.sleep(0.7)
        assert house.bus_trouble == "away"
        bus.is_there = True
        await opening
        return len(await bus.range(SESSIONS, START))

    assert run_virtual(scenario()) == 5  # two opened, two closed, and the house
