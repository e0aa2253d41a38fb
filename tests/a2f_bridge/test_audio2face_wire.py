"""The golden bytes are what NVIDIA's own message classes (nvidia-audio2face-3d 1.3.0) make of the same values."""

import numpy as np
import pytest

pytest.importorskip("google.protobuf", reason="protobuf is not installed")

from google.protobuf import descriptor_pool

from services.a2f_bridge.engines import audio2face_wire as wire
from services.a2f_bridge.engines.protos import CHECK_HEALTH, PROCESS_AUDIO_STREAM, PUSH_AUDIO, PUSH_AUDIO_STREAM
from services.a2f_bridge.engines.protos.compiled import DESCRIPTORS

HEADER = (
    "0a5f0a08100118c0bb012010121a0a180a116c6f77657246616365537472656e677468150000a03f1a071801250000803f"
    "22200a0e0a074a61774f70656e15cdcc8c3f120e0a074a61774f70656e15cdcc4c3d2a0c120a0a036a6f79150000803e"
)
SOUND = "12210a080000004000c0ff7f121509000000000000f83f120a0a036a6f79150000003f"
ANNOUNCED = "0a320a08100118c0bb012010121d0a0c457965426c696e6b4c6566740a074a61774f70656e1204726f6f741900000040fc54d941"
FRAMES = "12330a200a1309111111111111a13f12080000803e0000403f1a0909000000000000e03f120d09111111111111a13f120201021a00"


def octets(message: object) -> str:
    return message.SerializeToString(deterministic=True).hex()  # type: ignore[attr-defined, no-any-return]


def answer(hexadecimal: str) -> wire.Answer:
    return wire.answer(PROCESS_AUDIO_STREAM.response.FromString(bytes.fromhex(hexadecimal)))


def test_requests_are_the_bytes_that_the_real_classes_make() -> None:
    manner = wire.Manner(
        emotion={"joy": 0.25},
        face_parameters={"lowerFaceStrength": 1.25},
        multipliers={"JawOpen": 1.1},
        offsets={"JawOpen": 0.05},
    )
    assert octets(wire.header(manner)) == HEADER
    assert octets(wire.sound(np.array([0.0, 0.5, -0.5, 1.0], np.float32), {"joy": 0.5}, 1.5)) == SOUND
    assert octets(wire.end()) == "1a00"


def test_answers_are_read_from_the_bytes_that_the_real_classes_make() -> None:
    """With bones and a camera in them, which are skipped."""
    assert answer(ANNOUNCED) == wire.Announced(("EyeBlinkLeft", "JawOpen"))
    assert answer(FRAMES) == wire.Frames(((1 / 30, (0.25, 0.75)),))
    assert answer("1a00") is None
    assert answer("2206080312026e6f") == wire.Verdict("error", "no")


def test_an_emotion_that_hangs_on_an_event_as_any_type_does_no_harm() -> None:
    url = b"type.googleapis.com/nvidia_ace.emotion_aggregate.v1.EmotionAggregate"
    packed = b"\x0a" + bytes([len(url)]) + url + b"\x12\x02\x0a\x00"
    event = b"\x12" + bytes([len(packed)]) + packed
    assert answer((b"\x1a" + bytes([len(event)]) + event).hex()) is None


@pytest.mark.parametrize(
    ("code", "severity"), [(0, "success"), (1, "info"), (2, "warning"), (3, "error"), (9, "error")]
)
def test_a_status_of_a_later_version_is_taken_as_an_error(code: int, severity: str) -> None:
    message = PROCESS_AUDIO_STREAM.response()
    message.status.code = code
    assert wire.answer(message) == wire.Verdict(severity, "")


def test_the_peer_is_told_to_feel_nothing_but_what_we_send() -> None:
    head = wire.header(wire.Manner()).audio_stream_header
    assert head.emotion_post_processing_params.enable_preferred_emotion
    assert head.emotion_post_processing_params.preferred_emotion_strength == 1.0
    assert dict(head.emotion_params.beginning_emotion) == dict.fromkeys(wire.EMOTIONS, 0.0)


def test_methods_are_called_by_their_exact_names() -> None:
    assert [method.path for method in (PROCESS_AUDIO_STREAM, PUSH_AUDIO, PUSH_AUDIO_STREAM, CHECK_HEALTH)] == [
        "/nvidia_ace.services.a2f_controller.v1.A2FControllerService/ProcessAudioStream",
        "/nvidia.audio2face.Audio2Face/PushAudio",
        "/nvidia.audio2face.Audio2Face/PushAudioStream",
        "/grpc.health.v1.Health/Check",
    ]


def test_the_block_flag_is_the_third_field_of_a_stream_and_the_fourth_of_a_push() -> None:
    start = PUSH_AUDIO_STREAM.request()
    start.start_marker.block_until_playback_is_finished = True
    assert octets(start) == "0a021801"
    assert octets(PUSH_AUDIO.request(block_until_playback_is_finished=True)) == "2001"


def test_the_messages_stay_out_of_the_pool_that_others_share() -> None:
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("com.nvidia.ace.status.v1.Status")


def test_what_is_compiled_is_what_the_proto_files_say() -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    from services.a2f_bridge.engines.protos.generate import descriptor_set

    assert DESCRIPTORS.split() == descriptor_set().split()
