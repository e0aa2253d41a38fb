"""The kiosk's and the operator's sockets: who may in, and what happens to what cannot be used."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from services.session.app import SECOND_KIOSK, UNKNOWN_KIOSK, WRONG_TOKEN, Tokens, build_app
from services.session.config import SessionConfig
from services.session.house import House
from services.session.kiosk_link import KioskLink
from services.session.play_check import load_play
from shared import kiosk_wire as wire
from shared.clock import HostClock
from shared.events import Heartbeat
from shared.memory_bus import MemoryBus

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "short.yaml"


@pytest.fixture
def client() -> Iterator[TestClient]:
    clock = HostClock()
    house = House(MemoryBus(clock), clock, SessionConfig(needs=()), load_play(SCRIPT))
    with TestClient(build_app(house, Tokens(kiosk="k", operator="o"))) as client:
        yield client


@contextmanager
def kiosk(client: TestClient, token: str = "k") -> Iterator[WebSocketTestSession]:
    with client.websocket_connect("/kiosk/socket") as socket:
        socket.send_bytes(wire.encode(wire.Hello(token=token)))
        yield socket


def receive(socket: WebSocketTestSession, kind: type[wire.Down]) -> Any:
    """The next message of a kind; others are passed over."""
    for _ in range(50):
        message = wire.decode_down(socket.receive_bytes())
        if isinstance(message, kind):
            return message
    raise AssertionError(f"no {kind.__name__} came")


def test_a_kiosk_with_its_token_is_welcome(client: TestClient) -> None:
    with kiosk(client) as socket:
        assert receive(socket, wire.Welcome).languages == ("en", "nl")
        assert receive(socket, wire.Scene).look == "attract"


@pytest.mark.parametrize("token", ["", "wrong", "o"])
def test_another_token_is_refused(client: TestClient, token: str) -> None:
    with kiosk(client, token) as socket:
        assert receive(socket, wire.Refused).reason == "token"
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_bytes()
    assert closed.value.code == WRONG_TOKEN


def test_whatever_comes_before_hello_is_refused(client: TestClient) -> None:
    with client.websocket_connect("/kiosk/socket") as socket:
        socket.send_bytes(wire.encode(wire.Approach()))
        assert receive(socket, wire.Refused).reason == "token"


def test_a_second_kiosk_is_refused_and_the_first_goes_on(client: TestClient) -> None:
    with kiosk(client) as first:
        receive(first, wire.Scene)
        with kiosk(client) as second:
            assert receive(second, wire.Refused).reason == "second_kiosk"
            with pytest.raises(WebSocketDisconnect) as closed:
                second.receive_bytes()
        first.send_bytes(wire.encode(wire.Ping(sent=1.0)))
        assert receive(first, wire.Pong).sent == 1.0
    assert closed.value.code == SECOND_KIOSK


def test_a_page_that_went_makes_room_for_the_next_also_while_nothing_happens(client: TestClient) -> None:
    for _ in range(2):
        with kiosk(client) as socket:
            assert receive(socket, wire.Welcome)
            receive(socket, wire.Scene)


def test_the_operators_token_is_not_the_kiosks(client: TestClient) -> None:
    with client.websocket_connect("/operator/socket?token=k") as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    assert closed.value.code == WRONG_TOKEN


BAD_FRAMES = {
    "not MessagePack": b"\xc1\xff hello",
    "a text that is no UTF-8": b"\x81\xa4type\xa2\xff\xfe",
    "an unknown type": msgspec.msgpack.encode({"type": "nonsense"}),
    "a missing field": msgspec.msgpack.encode({"type": "audio", "seq": 1}),
    "a wrong type": msgspec.msgpack.encode({"type": "played", "turn": "x", "sample": 1, "at": 1.0}),
    "an odd length": wire.encode(wire.Audio(seq=1, pcm=bytes(641))),
    "a short chunk": wire.encode(wire.Audio(seq=1, pcm=bytes(320))),
    "a wrong rate": wire.encode(wire.Audio(seq=1, pcm=bytes(640), rate=48_000)),
    "hello again": wire.encode(wire.Hello(token="k")),
}


@pytest.mark.parametrize("frame", BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
def test_a_frame_that_cannot_be_used_is_refused_and_nothing_else_is_harmed(client: TestClient, frame: bytes) -> None:
    with kiosk(client) as socket:
        receive(socket, wire.Scene)
        socket.send_bytes(wire.encode(wire.Approach()))
        assert receive(socket, wire.Scene).look == "consent"
        socket.send_bytes(frame)
        assert receive(socket, wire.Refused).detail
        socket.send_bytes(wire.encode(wire.Ping(sent=2.0)))
        assert receive(socket, wire.Pong).sent == 2.0


def test_a_text_frame_is_refused(client: TestClient) -> None:
    with kiosk(client) as socket:
        receive(socket, wire.Scene)
        socket.send_text("hello")
        assert receive(socket, wire.Refused).reason == "not_binary"


def test_the_operator_sees_the_kiosk_and_stops_its_visit(client: TestClient) -> None:
    with kiosk(client) as socket, client.websocket_connect("/operator/socket?token=o") as operator:
        receive(socket, wire.Scene)
        socket.send_bytes(wire.encode(wire.Approach()))
        assert receive(socket, wire.Scene).look == "consent"
        while not (state := operator.receive_json())["kiosks"][0]["session"]:
            pass
        assert (state["kiosks"][0]["kiosk"], state["script"]["id"]) == ("mirror", "short")
        operator.send_json({"type": "command", "kiosk": "mirror", "action": "stop"})
        assert receive(socket, wire.Forgotten).keys_left == 0
        assert receive(socket, wire.Scene).look == "attract"


@pytest.mark.parametrize(
    "order",
    [
        {"type": "command", "kiosk": "mirror", "action": "dance"},
        {"type": "command", "kiosk": "nowhere", "action": "stop"},
        {"type": "command", "kiosk": "mirror", "action": "hold"},
        ["nonsense"],
    ],
)
def test_an_order_that_cannot_be_carried_out_says_why(client: TestClient, order: object) -> None:
    with kiosk(client) as socket, client.websocket_connect("/operator/socket?token=o") as operator:
        receive(socket, wire.Scene)
        operator.send_json(order)
        while (answer := operator.receive_json())["type"] == "state":
            pass
        assert answer["type"] == "refused"
        assert answer["detail"]


def test_health_names_what_is_missing() -> None:
    clock = HostClock()
    house = House(MemoryBus(clock), clock, SessionConfig(needs=("asr",)), load_play(SCRIPT))
    with TestClient(build_app(house, Tokens(kiosk="k", operator="o"))) as client:
        answer = client.get("/health")
        assert (answer.status_code, answer.json()["missing"]) == (503, ["asr"])
        with kiosk(client) as socket:
            receive(socket, wire.Scene)
            socket.send_bytes(wire.encode(wire.Approach()))
            assert "asr" in receive(socket, wire.Refused).detail


def test_a_kiosk_that_is_not_named_in_the_settings_is_refused_with_those_that_are() -> None:
    clock = HostClock()
    house = House(
        MemoryBus(clock), clock, SessionConfig(needs=("faceswap",), kiosks=("left", "right")), load_play(SCRIPT)
    )
    with TestClient(build_app(house, Tokens(kiosk="k", operator="o"))) as client:
        with client.websocket_connect("/kiosk/socket") as socket:
            socket.send_bytes(wire.encode(wire.Hello(token="k", kiosk="middle")))
            assert "left, right" in receive(socket, wire.Refused).detail
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_bytes()
        assert closed.value.code == UNKNOWN_KIOSK
        house.board.note(Heartbeat(at=clock.now(), stage="faceswap", worker="l", state="ready", kiosks=("left",)))
        assert client.get("/health").json()["missing"] == ["faceswap"], "the right one has none"


class Page:
    """Takes what is sent to it."""

    def __init__(self) -> None:
        self.taken: list[wire.Down] = []

    async def send_bytes(self, data: bytes) -> None:
        self.taken.append(wire.decode_down(data))


async def test_a_cable_that_was_pulled_long_ago_does_not_hang_up_the_page_that_came_back() -> None:
    link, old, new = KioskLink(), Page(), Page()
    dead = asyncio.create_task(link.pump(old))
    await asyncio.sleep(0)
    alive = asyncio.create_task(link.pump(new))
    await asyncio.sleep(0)
    dead.cancel()  # only now the server hears of it
    await asyncio.wait({dead})
    assert link.is_connected
    link.send(wire.Line(text="still here"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    alive.cancel()
    await asyncio.wait({alive})
    assert (old.taken, new.taken) == ([], [wire.Line(text="still here")])
