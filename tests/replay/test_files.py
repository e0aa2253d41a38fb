"""Files that others wrote, files that broke off, files that were damaged, files that are something else."""

import struct
from functools import cache
from pathlib import Path

import msgpack
import pytest
from mcap.writer import CompressionType, Writer

from rig.options import Options
from rig.record.manifest import Manifest
from rig.record.moment import STREAMS, moment
from rig.record.read import Recorded, read_recording
from rig.record.write import write_recording
from rig.replay.command import Wish, replay_file
from shared.errors import BadInput
from shared.events import CameraFrame, MicrophoneChunk, SceneEntered, SignalHeard, encode
from shared.streams import StreamId
from tests.support.recorded_visits import TERSE


@cache
def whole_recording() -> Recorded:
    return read_recording(TERSE)


def foreign(path: Path, *events: tuple[str, dict[str, object]], encoding: str = "msgpack") -> Path:
    """As another system would write it: by docs/events.md, a MessagePack library and an MCAP library."""
    with path.open("wb") as file:
        writer = Writer(file, compression=CompressionType.NONE)
        writer.start(profile="", library="another system")
        channels: dict[str, int] = {}
        for number, (topic, event) in enumerate(events):
            if topic not in channels:
                schema = writer.register_schema(name=topic, encoding="", data=b"")
                channels[topic] = writer.register_channel(topic=topic, message_encoding=encoding, schema_id=schema)
            at = (1_000 + number) * 1_000_000_000
            writer.add_message(channels[topic], log_time=at, publish_time=at, data=msgpack.packb(event))
        writer.finish()  # type: ignore[no-untyped-call]  # of the library
    return path


REQUEST: dict[str, object] = {
    "type": "requests.reply", "session": "elsewhere", "turn": 1, "seq": 0, "utterance": 1, "said": "I am afraid of the sea",
    "language": "en",
    "prompt": {"scene": "night", "goal": "a fear", "persona": "a mirror", "improvise": ["You carry {topic}."]},
    "signals": [{"name": "fear", "means": "names a fear", "examples": ["I am afraid of"]}],
}  # fmt: skip


def request(turn: int) -> tuple[str, dict[str, object]]:
    return "requests", {**REQUEST, "turn": turn, "seq": 1}


def test_a_recording_of_another_system_is_played(tmp_path: Path) -> None:
    file = foreign(tmp_path / "theirs.mcap", request(1), request(2))
    done = replay_file(Wish(file=file, stage="llm"), Options(), lambda what, share: None)
    assert done.recorded.damage == ()
    assert done.recorded.manifest.session == "elsewhere"
    signals = [one for one in done.moments if one.stream == "signals"]
    assert [one.id.turn for one in signals] == [1, 2]
    assert msgpack.unpackb(signals[0].payload)["name"] == "fear"


def test_a_recording_of_ours_is_read_with_nothing_but_messagepack_and_mcap() -> None:
    from mcap.reader import make_reader

    with TERSE.open("rb") as file:
        reader = make_reader(file)
        manifest = {one.name: one.metadata for one in reader.iter_metadata()}["mirror.recording"]
        first: dict[str, dict[str, object]] = {}
        for schema, channel, message in reader.iter_messages():
            event = msgpack.unpackb(message.data)
            assert schema is not None
            assert event["type"] in schema.data.decode().split("\n")
            first.setdefault(channel.topic, event)
    assert manifest["consent"] == "synthetic"
    assert "CC BY 4.0" in manifest["licence"]
    assert {"microphone", "control", "voice", "play"} <= set(first)
    assert len(first["microphone"]["pcm"]) == 640  # type: ignore[arg-type]


def test_fields_this_version_does_not_know_are_carried_along(tmp_path: Path) -> None:
    stream, event = request(1)
    file = foreign(tmp_path / "later.mcap", (stream, {**event, "colour": "blue"}))
    assert msgpack.unpackb(read_recording(file).moments[0].payload)["colour"] == "blue"


def test_a_key_as_it_stands_in_redis_names_the_stream_too(tmp_path: Path) -> None:
    stream, event = request(1)
    file = foreign(tmp_path / "keys.mcap", (f"mirror:{{elsewhere}}:{stream}", event))
    assert read_recording(file).moments[0].stream == "requests"


def test_what_is_no_event_is_left_out_and_named(tmp_path: Path) -> None:
    wrong = ("requests", {"type": "requests.shout", "seq": 9})
    file = foreign(tmp_path / "odd.mcap", request(1), wrong, ("weather", {"type": "rain"}), request(1))
    recorded = read_recording(file)
    assert [one.id for one in recorded.moments] == [StreamId(1, 1)]
    told = " ".join(recorded.damage)
    assert "docs/events.md does not know" in told
    assert "'weather'" in told
    assert "id was there before" in told


def test_one_visit_is_played_and_another_in_the_same_file_is_named(tmp_path: Path) -> None:
    stream, event = request(3)
    file = foreign(tmp_path / "two.mcap", request(1), request(2), (stream, {**event, "session": "other"}))
    recorded = read_recording(file)
    assert recorded.manifest.session == "elsewhere"
    assert len(recorded.moments) == 2
    assert "another visit" in " ".join(recorded.damage)


def test_another_encoding_is_refused_in_one_line(tmp_path: Path) -> None:
    file = foreign(tmp_path / "json.mcap", request(1), encoding="json")
    with pytest.raises(BadInput, match="another encoding than msgpack"):
        read_recording(file)


@pytest.mark.parametrize("content", [b"", b"not a recording at all", bytes(range(256)) * 40])
def test_what_is_no_mcap_file_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "photo.mcap"
    file.write_bytes(content)
    with pytest.raises(BadInput, match="holds no event of a visit"):
        read_recording(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot open"):
        read_recording(tmp_path / "none.mcap")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_that_breaks_off_gives_what_is_whole(tmp_path: Path, share: float) -> None:
    whole = whole_recording()
    content = TERSE.read_bytes()
    file = tmp_path / "broken.mcap"
    file.write_bytes(content[: int(len(content) * share)])
    recorded = read_recording(file)
    assert 0 < len(recorded.moments) < len(whole.moments)
    assert recorded.manifest == whole.manifest
    assert recorded.damage
    assert set(recorded.moments) <= set(whole.moments)


def test_wherever_a_file_breaks_off_it_is_survived(tmp_path: Path) -> None:
    small = tmp_path / "small.mcap"
    write_recording(small, Manifest(session="s"), [moment("signals", signal(turn)) for turn in range(1, 4)])
    content, file = small.read_bytes(), tmp_path / "cut.mcap"
    for length in range(0, len(content), 5):
        file.write_bytes(content[:length])
        try:
            recorded = read_recording(file)
        except BadInput:
            continue
        assert recorded.damage or length > len(content) - 600, length


def signal(turn: int) -> bytes:
    return encode(SignalHeard(session="s", turn=turn, seq=1, at=5.0 + turn, utterance=turn, name="yes"))


def test_a_damaged_chunk_costs_itself_alone(tmp_path: Path) -> None:
    content = bytearray(TERSE.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    file = tmp_path / "scratched.mcap"
    file.write_bytes(content)
    whole, recorded = whole_recording(), read_recording(file)
    lost = len(whole.moments) - len(recorded.moments)
    assert 0 < lost < len(whole.moments) / 3
    assert recorded.moments[-1] == whole.moments[-1]
    assert "damaged chunk" in " ".join(recorded.damage)


def test_a_record_that_claims_to_be_endless_does_not_eat_the_memory(tmp_path: Path) -> None:
    small = tmp_path / "small.mcap"
    write_recording(small, Manifest(session="s"), [moment("signals", signal(1))])
    file = tmp_path / "endless.mcap"
    file.write_bytes(small.read_bytes()[:8] + struct.pack("<BQ", 5, 2**60) + b"x")
    with pytest.raises(BadInput, match="not readable any further"):
        read_recording(file)


def test_events_come_back_in_the_order_of_time_and_each_stream_in_that_of_its_ids(tmp_path: Path) -> None:
    told = [
        moment("microphone", encode(MicrophoneChunk(session="s", seq=2, at=7.0, pcm=b"bb"))),
        moment("control", encode(SceneEntered(session="s", seq=1, at=6.0, scene="a", language="nl"))),
        moment("microphone", encode(MicrophoneChunk(session="s", seq=1, at=5.0, pcm=b"aa"))),
        moment("microphone", encode(MicrophoneChunk(session="s", seq=3, at=6.5, pcm=b"cc"))),
    ]
    file = tmp_path / "order.mcap"
    write_recording(file, Manifest(), told)
    recorded = read_recording(file)
    assert [(one.stream, one.id.seq) for one in recorded.moments] == [
        ("microphone", 1), ("control", 1), ("microphone", 2), ("microphone", 3),
    ]  # fmt: skip
    assert recorded.manifest.language == "nl"


def test_nothing_half_written_is_left_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot write"):
        write_recording(tmp_path / "no" / "folder.mcap", Manifest(), [])
    assert list(tmp_path.iterdir()) == []


def test_a_recording_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.mcap"
    write_recording(file, Manifest(), [moment("camera", encode(CameraFrame(session="s", seq=1, jpeg=b"")))])
    assert file.stat().st_mode & 0o077 == 0


def test_every_stream_of_a_visit_is_recorded() -> None:
    from shared.streams import WRITER

    assert set(WRITER) <= set(STREAMS)
    assert {"dead.asr", "dead.faceswap"} <= set(STREAMS)
