import json
import socket
from pathlib import Path

import pytest

from services.faceswap.sources.stand_in.live_link import SHAPES, Pose, read_packet
from services.faceswap.sources.stand_in.receiver import Receiver
from shared.errors import BadInput, ConfigError, EngineUnavailable
from tests.support.faceswap_world import packet, pose

DATA = Path(__file__).parent.parent / "data"


def test_the_golden_packet_says_what_its_description_says() -> None:
    golden = bytes.fromhex("".join((DATA / "live_link_v6.hex").read_text().split()))
    wanted = json.loads((DATA / "live_link_v6.json").read_text())
    read = read_packet(golden)
    values = {name.lower(): value for name, value in wanted["values"].items()}
    assert read.weights == tuple(values[name.lower()] for name in SHAPES)
    assert (read.yaw, read.pitch, read.roll) == (values["headyaw"], values["headpitch"], values["headroll"])
    assert read.due_at == wanted["due_at"]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x06",
        packet(Pose(), version=5),
        packet(Pose(), count=60),
        packet(Pose())[:-1],
        packet(Pose()) + b"\0",
        packet(pose(yaw=float("nan"))),
        packet(pose(jawOpen=float("inf"))),
        b"\x06\xff\xff\xff\xff" + packet(Pose())[5:],
        b"\x06\x7f\xff\xff\xff" + packet(Pose())[5:],
        bytes(300),
    ],
)
def test_a_packet_that_unreal_would_drop_is_refused(broken: bytes) -> None:
    with pytest.raises(BadInput):
        read_packet(broken)


def test_weights_outside_their_range_are_brought_into_it() -> None:
    read = read_packet(packet(pose(jawOpen=1.5, mouthFunnel=-0.5)))
    assert read.weights[SHAPES.index("jawOpen")] == 1.0
    assert read.weights[SHAPES.index("mouthFunnel")] == 0.0


def test_of_many_waiting_packets_the_newest_good_one_counts() -> None:
    receiver = Receiver("127.0.0.1:0")
    receiver.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for due_at in (1.0, 2.0, 3.0):
            sender.sendto(packet(Pose(), due_at), ("127.0.0.1", receiver.port))
        sender.sendto(b"not a pose", ("127.0.0.1", receiver.port))
    newest = receiver.newest()
    assert newest is not None
    assert newest.due_at == 3.0
    assert receiver.refused == 1
    assert receiver.newest() is None
    receiver.close()


def test_a_taken_port_is_named_in_the_error() -> None:
    first = Receiver("127.0.0.1:0")
    first.open()
    with pytest.raises(EngineUnavailable, match=str(first.port)):
        Receiver(f"127.0.0.1:{first.port}").open()
    first.close()


@pytest.mark.parametrize("listen", ["", "11111", "localhost", "host:port"])
def test_an_address_without_host_and_port_is_a_config_error(listen: str) -> None:
    with pytest.raises(ConfigError, match="live_link_listen"):
        Receiver(listen)
