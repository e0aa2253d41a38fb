"""RTMP byte by byte: values, chunks, video messages. No sockets."""

import io
import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.faceswap.sources.rtmp import amf
from services.faceswap.sources.rtmp.chunks import LARGEST_MESSAGE, VIDEO, ChunkReader, Message, chunks
from services.faceswap.sources.rtmp.dialogue import Dialogue
from services.faceswap.sources.rtmp.video_tag import read_video
from shared.errors import BadInput

values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.dictionaries(st.text(min_size=1, max_size=10), inner, max_size=4) | st.lists(inner, max_size=4),
    max_leaves=12,
)


def reader(wire: bytes) -> ChunkReader:
    stream = io.BytesIO(wire)

    def exactly(count: int) -> bytes:
        got = stream.read(count)
        if len(got) < count:
            raise EOFError
        return got

    return ChunkReader(exactly)


def head(form: int, channel: int, fields: bytes = b"") -> bytes:
    return bytes([form << 6 | channel]) + fields


def full(channel: int, time_ms: int, length: int, kind: int = VIDEO, stream: int = 1) -> bytes:
    return head(
        0, channel, time_ms.to_bytes(3, "big") + length.to_bytes(3, "big") + bytes([kind]) + struct.pack("<I", stream)
    )


@settings(deadline=None)
@given(st.lists(values, max_size=5))
def test_values_come_back_as_they_were_written(written: list[amf.Value]) -> None:
    assert amf.decode(amf.encode(*written)) == written


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_values_or_bad_input(wire: bytes) -> None:
    try:
        amf.decode(wire)
    except BadInput:
        return


def test_an_array_with_names_as_obs_sends_its_own_words_is_read() -> None:
    wire = b"\x08\x00\x00\x00\x02\x00\x05width" + amf.encode(1280.0) + b"\x00\x00\x09"
    assert amf.decode(wire) == [{"width": 1280.0}]


def test_values_nested_without_end_are_refused() -> None:
    with pytest.raises(BadInput, match="levels deep"):
        amf.decode(b"\x03\x00\x01a" * 50)


@settings(deadline=None)
@given(st.binary(max_size=1000), st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_a_message_cut_in_pieces_is_whole_again(payload: bytes, time_ms: int, chunk_size: int) -> None:
    size = chunks(Message(kind=1, payload=struct.pack(">I", chunk_size)), 2)
    sent = Message(kind=VIDEO, stream=1, time_ms=time_ms, payload=payload)
    got = reader(size + chunks(sent, 4, chunk_size))
    assert got.next_message().kind == 1
    assert got.next_message() == sent


def test_sound_and_picture_interleaved_on_two_channels_are_told_apart() -> None:
    wire = full(4, 10, 200) + b"p" * 128 + full(6, 12, 3, kind=8) + b"snd" + head(3, 4) + b"p" * 72
    got = reader(wire)
    assert got.next_message().payload == b"snd"
    assert got.next_message() == Message(kind=VIDEO, stream=1, time_ms=10, payload=b"p" * 200)


def test_headers_that_leave_out_more_and_more_keep_what_was_said_before() -> None:
    later = (42).to_bytes(3, "big")
    wire = (
        full(4, 1000, 1)
        + b"a"
        + head(1, 4, later + b"\x00\x00\x02" + bytes([VIDEO]))
        + b"bb"
        + head(2, 4, later)
        + b"cc"
    )
    got = reader(wire + head(3, 4) + b"dd")
    messages = [got.next_message() for _ in range(4)]
    assert [message.time_ms for message in messages] == [1000, 1042, 1084, 1126]
    assert [message.payload for message in messages] == [b"a", b"bb", b"cc", b"dd"]


def test_a_headerless_message_right_after_a_full_one_does_not_leap_by_the_streams_age() -> None:
    got = reader(full(4, 3_600_000, 1) + b"a" + head(3, 4) + b"b")
    assert [got.next_message().time_ms, got.next_message().time_ms] == [3_600_000, 3_600_000]


def test_after_four_and_a_half_hours_the_time_needs_more_bits_in_every_piece() -> None:
    sent = Message(kind=VIDEO, stream=1, time_ms=0x01020304, payload=bytes(300))
    wire = chunks(sent, 4)
    assert wire.count(struct.pack(">I", 0x01020304)) == 3
    assert reader(wire).next_message() == sent


def test_the_senders_clock_starts_again_after_fifty_days() -> None:
    later = (100).to_bytes(3, "big")
    wire = chunks(Message(kind=VIDEO, stream=1, time_ms=2**32 - 50, payload=b"a"), 4)
    got = reader(wire + head(2, 4, later) + b"b")
    assert [got.next_message().time_ms, got.next_message().time_ms] == [2**32 - 50, 50]


@pytest.mark.parametrize("number", [64, 319, 320, 65599])
def test_channels_of_two_and_three_bytes_are_understood(number: int) -> None:
    basic = bytes([0, number - 64]) if number < 320 else bytes([1]) + struct.pack("<H", number - 64)
    assert reader(basic + full(4, 5, 1)[1:] + b"x").next_message().payload == b"x"


def test_an_abort_drops_the_message_under_way() -> None:
    abort = chunks(Message(kind=2, payload=struct.pack(">I", 4)), 2)
    got = reader(full(4, 10, 200) + b"p" * 128 + abort + full(4, 20, 1) + b"q")
    assert got.next_message().kind == 2
    assert got.next_message().payload == b"q"


@pytest.mark.parametrize(
    "wire",
    [
        head(3, 4),
        head(1, 7, bytes(7)),
        full(4, 0, LARGEST_MESSAGE + 1),
        chunks(Message(kind=1, payload=bytes(4)), 2),
        chunks(Message(kind=1, payload=b"\x00"), 2),
        b"".join(full(2 + n, 0, 1) + b"x" for n in range(62)) + b"\x00\x00" + full(2, 0, 1)[1:] + b"x"
        + b"\x00\x01" + full(2, 0, 1)[1:] + b"x" + b"\x00\x02" + full(2, 0, 1)[1:] + b"x",
    ],
)  # fmt: skip
def test_what_no_publisher_sends_is_bad_input_and_no_crash(wire: bytes) -> None:
    got = reader(wire)
    with pytest.raises(BadInput):
        list(iter(got.next_message, None))


def test_a_video_message_tells_key_time_and_setup() -> None:
    assert read_video(b"\x17\x00\x00\x00\x00" + b"\x01\x64\x00\x1e\xff\xe1\x00").setup[0] == 1
    key = read_video(b"\x17\x01\x00\x00\x54" + b"coded")
    assert (key.is_key, key.picture, key.shown_after_ms) == (True, b"coded", 84)
    assert read_video(b"\x27\x01\xff\xff\xd6x").shown_after_ms == -42
    assert read_video(b"") == read_video(b"\x57\x00") == read_video(b"\x17\x02\x00\x00\x00")


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"\x90hvc1", "'hvc1', not H.264"),
        (b"\x90av01", "'av01', not H.264"),
        (b"\x1c\x00\x00\x00\x00", "HEVC, not H.264"),
        (b"\x22\x00\x00\x00\x00", "Sorenson"),
        (b"\x17\x01", "cut off"),
        (b"\x17\x00\x00\x00\x00\x02", "setup cannot be read"),
    ],
)
def test_another_codec_is_named_with_what_to_do(payload: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_video(payload)


class _Nobody:
    """Lets everyone in and listens to nothing."""

    def may_publish(self) -> str:
        return ""

    def take_video(self, message: Message) -> None:
        with suppress(BadInput):
            read_video(message.payload)

    def take_words(self, words: dict[str, amf.Value]) -> None:
        """Nothing."""


wire_messages = st.builds(
    lambda kind, channel, payload: chunks(Message(kind=kind, stream=1, payload=payload), channel),
    st.sampled_from([1, 2, 3, 4, 5, 8, 9, 15, 17, 18, 20, 22, 99]),
    st.integers(2, 10),
    st.binary(max_size=50)
    | st.builds(
        lambda name, number, rest: amf.encode(name, number, *rest),
        st.sampled_from(["connect", "createStream", "publish", "play", "deleteStream", "x"]),
        st.just(1.0),
        st.lists(st.sampled_from(["live", "mirror", None, 1.0, {"app": "live"}, {"app": None}, ["x"]]), max_size=3),
    ),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(wire_messages | st.binary(max_size=30), max_size=12))
def test_whatever_a_caller_says_after_the_handshake_ends_in_a_word_not_in_a_crash(said: list[bytes]) -> None:
    stream = io.BytesIO(b"\x03" + bytes(2 * 1536) + b"".join(said))

    def exactly(count: int) -> bytes:
        got = stream.read(count)
        if len(got) < count:
            raise EOFError
        return got

    with suppress(BadInput, EOFError):
        Dialogue(exactly, lambda written: None, path=("live", "mirror")).run(_Nobody())
