"""Audio2Face-3D's messages from our values, and our values from its messages."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from services.a2f_bridge.engines.protos import PROCESS_AUDIO_STREAM
from services.a2f_bridge.face_animator import Speech
from shared.audio import VOICE_HZ, to_bytes

EMOTIONS = (
    "amazement", "anger", "cheekiness", "disgust", "fear", "grief", "joy", "outofbreath", "pain", "sadness",
)  # fmt: skip
NEUTRAL: Mapping[str, float] = dict.fromkeys(EMOTIONS, 0.0)
_Stream = PROCESS_AUDIO_STREAM.request
_SEVERITY = ("success", "info", "warning", "error")


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How the face should be played; what is empty stays as the peer is deployed."""

    emotion: dict[str, float] = {}
    face_parameters: dict[str, float] = {}
    multipliers: dict[str, float] = {}
    offsets: dict[str, float] = {}


class Announced(msgspec.Struct, frozen=True):
    """The header of the answer."""

    names: tuple[str, ...]
    """What the values of each frame are called, in order."""


class Frames(msgspec.Struct, frozen=True):
    """Rows of weights, as they came: not clipped, not checked."""

    rows: tuple[tuple[float, tuple[float, ...]], ...]
    """Seconds from the beginning of the clip, and the weights."""


class Verdict(msgspec.Struct, frozen=True):
    """A word of the peer on the clip; the last message of every answer is one."""

    severity: str
    """success, info, warning or error."""
    text: str


Answer: TypeAlias = Announced | Frames | Verdict | None


def header(manner: Manner) -> Any:
    """What every clip begins with: mono int16 at 24 kHz (16 to 144 kHz are taken), and only those emotions that we send.

    The peer's own reading of emotion out of a voice is turned off: no machine here judges how a visitor feels, and the
    voice of the copy is the visitor's.
    """
    message = _Stream()
    head = message.audio_stream_header
    sound = head.audio_header
    sound.channel_count, sound.samples_per_second, sound.bits_per_sample = 1, VOICE_HZ, 16
    post = head.emotion_post_processing_params
    post.enable_preferred_emotion, post.preferred_emotion_strength = True, 1.0
    head.emotion_params.beginning_emotion.update(manner.emotion or NEUTRAL)
    head.face_params.float_params.update(manner.face_parameters)
    head.blendshape_params.bs_weight_multipliers.update(manner.multipliers)
    head.blendshape_params.bs_weight_offsets.update(manner.offsets)
    return message


def sound(pcm: Speech, emotion: Mapping[str, float] | None = None, at_s: float = 0.0) -> Any:
    """A stretch of the clip, and optionally an emotion that holds from `at_s` of the clip on."""
    message = _Stream()
    message.audio_with_emotion.audio_buffer = to_bytes(pcm)
    if emotion:
        key = message.audio_with_emotion.emotions.add()
        key.time_code = at_s
        key.emotion.update(emotion)
    return message


def end() -> Any:
    """Nothing more is said in this clip."""
    message = _Stream()
    message.end_of_audio.SetInParent()
    return message


def answer(message: Any) -> Answer:
    """What a message of the peer says; None for one that changes nothing."""
    match message.WhichOneof("stream_part"):
        case "animation_data_stream_header":
            return Announced(tuple(message.animation_data_stream_header.skel_animation_header.blend_shapes))
        case "animation_data":
            return Frames(_rows(message.animation_data.skel_animation.blend_shape_weights))
        case "status":
            code = message.status.code
            return Verdict(_SEVERITY[code] if 0 <= code < len(_SEVERITY) else "error", str(message.status.message))
        case _:
            return None  # an event, or a part of a later version


def _rows(weights: Sequence[Any]) -> tuple[tuple[float, tuple[float, ...]], ...]:
    return tuple((float(row.time_code), tuple(row.values)) for row in weights)
