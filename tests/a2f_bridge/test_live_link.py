import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.a2f_bridge.live_link import VALUE_NAMES, VALUES, Encoder, decode
from shared.errors import BadInput

DATA = Path(__file__).parents[1] / "data"
GOLDEN = bytes.fromhex((DATA / "live_link_v6.hex").read_text())
FIELDS = json.loads((DATA / "live_link_v6.json").read_text())
REST = np.zeros(VALUES, np.float32)


def test_the_golden_packet_decodes_to_its_fields() -> None:
    packet = decode(GOLDEN)
    assert packet.subject == FIELDS["subject"]
    assert packet.device == FIELDS["device"]
    assert (packet.frame, packet.sub_frame, list(packet.rate)) == (FIELDS["frame"], FIELDS["sub_frame"], FIELDS["rate"])
    assert packet.due_at == FIELDS["due_at"]
    assert dict(zip(VALUE_NAMES, packet.values, strict=True)) == FIELDS["values"]


def test_the_fields_encode_to_the_golden_packet_byte_for_byte() -> None:
    values = np.array([FIELDS["values"][name] for name in VALUE_NAMES], np.float32)
    assert Encoder(FIELDS["subject"], FIELDS["device"]).packet(values, FIELDS["due_at"]) == GOLDEN


def test_a_packet_is_laid_out_as_unreal_reads_it() -> None:
    packet = Encoder("Mirror").packet(REST, due_at=1.0)
    assert packet[0] == 6
    assert struct.unpack_from(">i", packet, 1) == (36,)
    assert packet[41:51] == struct.pack(">i", 6) + b"Mirror"
    assert struct.unpack_from(">ifiiB", packet, 51) == (60, 0.0, 60, 1, 61)
    assert len(packet) == 306 + len("Mirror")


@given(due_at=st.floats(0.0, 3.0e7))
def test_the_time_of_a_pose_survives_to_a_tenth_of_a_millisecond(due_at: float) -> None:
    packet = decode(Encoder("Mirror").packet(REST, due_at))
    assert abs(packet.due_at - due_at) < 1e-4
    assert 0.0 <= packet.sub_frame < 1.0


def test_frame_numbers_start_again_after_414_days() -> None:
    assert decode(Encoder("Mirror").packet(REST, due_at=(2**31 + 5) / 60)).frame == 5


@given(values=st.lists(st.floats(-4.0, 4.0, width=32), min_size=VALUES, max_size=VALUES))
def test_values_come_back_as_they_were(values: list[float]) -> None:
    assert decode(Encoder("Mirror").packet(np.array(values, np.float32), 1.0)).values == tuple(values)


def test_a_packet_cut_anywhere_is_refused() -> None:
    for length in range(len(GOLDEN)):
        with pytest.raises(BadInput):
            decode(GOLDEN[:length])


def test_a_byte_too_many_is_refused() -> None:
    with pytest.raises(BadInput, match="317 bytes where 316"):
        decode(GOLDEN + b"\0")


@pytest.mark.parametrize("version", [0, 5, 7, 255])
def test_another_version_is_refused(version: int) -> None:
    with pytest.raises(BadInput, match="version 6"):
        decode(bytes([version]) + GOLDEN[1:])


@pytest.mark.parametrize("count", [0, 52, 60, 62])
def test_another_number_of_values_is_refused(count: int) -> None:
    at = len(GOLDEN) - 1 - 4 * VALUES
    with pytest.raises(BadInput, match="61"):
        decode(GOLDEN[:at] + bytes([count]) + GOLDEN[at + 1 :])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_is_refused_on_both_sides(bad: float) -> None:
    with pytest.raises(BadInput, match="finite"):
        decode(GOLDEN[:-4] + struct.pack(">f", bad))
    values = REST.copy()
    values[3] = bad
    with pytest.raises(BadInput, match="finite"):
        Encoder("Mirror").packet(values, 1.0)


@pytest.mark.parametrize("length", [-1, 0, 300, 2**31 - 1])
def test_a_name_of_an_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(BadInput, match="device id"):
        decode(GOLDEN[:1] + struct.pack(">i", length) + GOLDEN[5:])


@pytest.mark.parametrize("time", [(-1, 0.0, 60, 1), (1, 1.0, 60, 1), (1, 0.0, 0, 1), (1, 0.0, 60, 0)])
def test_an_impossible_time_is_refused(time: tuple[int, float, int, int]) -> None:
    at = len(GOLDEN) - 1 - 4 * VALUES - 16
    with pytest.raises(BadInput, match="impossible time"):
        decode(GOLDEN[:at] + struct.pack(">ifii", *time) + GOLDEN[at + 16 :])


@pytest.mark.parametrize("subject", ["", "Spiegel\n", "miroir été", "x" * 257])
def test_a_subject_unreal_could_not_show_is_refused(subject: str) -> None:
    with pytest.raises(BadInput, match="subject"):
        Encoder(subject)


@pytest.mark.parametrize("due_at", [-0.1, float("nan"), float("inf")])
def test_a_pose_is_never_due_at_no_time(due_at: float) -> None:
    with pytest.raises(BadInput, match="due"):
        Encoder("Mirror").packet(REST, due_at)


def test_a_pose_of_another_shape_is_refused() -> None:
    with pytest.raises(BadInput, match="61"):
        Encoder("Mirror").packet(np.zeros(52, np.float32), 1.0)
