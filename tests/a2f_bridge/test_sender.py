import asyncio
import socket

import pytest

from services.a2f_bridge.sender import LiveLinkSender


async def test_a_datagram_arrives_as_it_was_sent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unreal:
        unreal.bind(("127.0.0.1", 0))
        unreal.setblocking(False)
        sender = LiveLinkSender("127.0.0.1", unreal.getsockname()[1])
        await sender.resolve()
        assert sender.send(b"pose")
        assert await asyncio.get_running_loop().sock_recv(unreal, 100) == b"pose"
        sender.close()


async def test_nobody_listening_is_no_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sender = LiveLinkSender("127.0.0.1", port)
    await sender.resolve()
    assert all(sender.send(b"pose") for _ in range(20))
    sender.close()


async def test_a_host_that_does_not_exist_is_told_and_costs_only_the_pose() -> None:
    sender = LiveLinkSender("no-such-host.invalid", 11111)
    await sender.resolve()
    assert not sender.send(b"pose")
    assert "no-such-host.invalid:11111" in sender.last_error


async def test_a_datagram_the_network_refuses_costs_only_itself() -> None:
    sender = LiveLinkSender("127.0.0.1", 9)
    await sender.resolve()
    assert not sender.send(bytes(70_000))
    assert sender.failed == 1
    assert sender.send(b"pose")
    assert sender.last_error == ""
    sender.close()


async def test_closing_twice_is_harmless() -> None:
    sender = LiveLinkSender("127.0.0.1", 9)
    await sender.resolve()
    sender.close()
    sender.close()
    assert not sender.send(b"pose")


async def test_a_name_of_several_addresses_is_sent_to_at_each_and_looked_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
        for replica in (one, other):
            replica.bind(("127.0.0.1", 0))
            replica.settimeout(5.0)
        known = [one]

        async def lookup(*_where: object, **_how: object) -> list[object]:
            return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", replica.getsockname()) for replica in known]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
        sender = LiveLinkSender("faceswap", 11111)
        await sender.resolve()
        sender.send(b"first")
        known.append(other)
        await sender.resolve()
        sender.send(b"second")
        assert (one.recv(9), one.recv(9), other.recv(9)) == (b"first", b"second", b"second")
        sender.close()
