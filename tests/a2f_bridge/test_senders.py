"""Several who see the same face: each gets every byte, and none pays for another."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import numpy as np
import pytest

from services.a2f_bridge import senders
from services.a2f_bridge.live_link import VALUES, Encoder
from services.a2f_bridge.senders import LiveLinkSenders


@contextlib.contextmanager
def receivers(count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
            one.settimeout(5.0)
        yield found


def packets(count: int) -> list[bytes]:
    encoder = Encoder("MirrorFace")
    return [encoder.packet(np.full(VALUES, number / count, np.float32), 10.0 + number / 60) for number in range(count)]


async def test_every_packet_reaches_each_byte_for_byte_and_in_order() -> None:
    with receivers(3) as everybody:
        all_of_them = LiveLinkSenders(one.getsockname() for one in everybody)
        await all_of_them.resolve()
        sent = packets(30)
        assert all(all_of_them.send(packet) for packet in sent)
        for one in everybody:
            assert [one.recv(2048) for _ in sent] == sent
        all_of_them.close()


@pytest.mark.parametrize("bad_is_first", [True, False])
async def test_a_name_that_does_not_exist_is_told_and_the_other_gets_all(bad_is_first: bool) -> None:
    with receivers(1) as [good]:
        there = [("no-such-host.invalid", 11111), good.getsockname()]
        both = LiveLinkSenders(there if bad_is_first else there[::-1])
        await both.resolve()
        sent = packets(5)
        assert all(both.send(packet) for packet in sent)
        assert [good.recv(2048) for _ in sent] == sent
        assert "no-such-host.invalid:11111" in both.last_error
        assert f":{good.getsockname()[1]}" not in both.last_error
        both.close()


async def test_a_port_where_nobody_listens_costs_the_other_nothing() -> None:
    with receivers(2) as [good, gone]:
        both = LiveLinkSenders([gone.getsockname(), good.getsockname()])
        gone.close()
        await both.resolve()
        sent = packets(20)
        assert all(both.send(packet) for packet in sent)
        assert [good.recv(2048) for _ in sent] == sent
        both.close()


async def test_a_network_that_refuses_one_destination_leaves_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with receivers(1) as [good]:
        both = LiveLinkSenders([("255.255.255.255", 9), good.getsockname()])  # broadcast: refused to a plain socket
        await both.resolve()
        sent = packets(3)
        assert all(both.send(packet) for packet in sent)
        assert [good.recv(2048) for _ in sent] == sent
        assert "255.255.255.255:9" in both.last_error
        assert both.each[0].failed == 3
        both.close()


async def test_a_name_nobody_answers_for_is_not_waited_for_and_not_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    with receivers(1) as [good]:
        loop = asyncio.get_running_loop()
        asked: list[str] = []
        real = loop.getaddrinfo

        async def lookup(host: str, port: int, **how: int) -> object:
            asked.append(host)
            return await (loop.create_future() if host == "silent" else real(host, port, **how))

        monkeypatch.setattr(loop, "getaddrinfo", lookup)
        monkeypatch.setattr(senders, "LOOK_UP_S", 0.05)
        both = LiveLinkSenders([("silent", 9), good.getsockname()])
        await both.resolve()
        await both.resolve()
        assert both.send(b"pose")
        assert good.recv(9) == b"pose"
        assert asked.count("silent") == 1
        both.close()


async def test_none_at_all_is_a_pose_lost() -> None:
    both = LiveLinkSenders([("no-such-host.invalid", 1), ("no-such-host.invalid", 2)])
    await both.resolve()
    assert not both.send(b"pose")
    assert both.last_error.count(";") >= 1
    both.close()
