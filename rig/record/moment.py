"""One event of a recording, and which of a visit's streams are recorded. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from shared.events import decode
from shared.streams import WRITER, StreamId

STAGES = ("asr", "llm", "tts", "a2f_bridge", "faceswap", "session")

STREAMS = (*WRITER, *(f"dead.{stage}" for stage in STAGES if stage != "session"))
"""Every stream of a visit."""

PICTURES = "mirror"
"""The one stream of which only some events are kept: all of it would be 360 MB a visit, and the newest picture wins anyway."""


class Moment(NamedTuple):
    """One event as it lay in its stream."""

    stream: str
    id: StreamId
    at: float
    """Host clock of the recorded machine, seconds, when it was made."""
    payload: bytes
    """As it crossed the bus: MessagePack."""


class _Envelope(msgspec.Struct, frozen=True):
    type: str = ""
    session: str = ""
    turn: int = 0
    seq: int = 0
    at: float = 0.0


_ENVELOPE = msgspec.msgpack.Decoder(_Envelope)


def envelope(payload: bytes) -> _Envelope:
    """Who, when and in which place, without the content.

    Raises:
        msgspec.MsgspecError: It is no event.
    """
    return _ENVELOPE.decode(payload)


def moment(stream: str, payload: bytes, logged_at: float = 0.0) -> Moment:
    """An event that follows docs/events.md. Its id is `<turn>-<seq>`, whoever wrote it down.

    Args:
        stream: Name of its stream.
        payload: The event as MessagePack.
        logged_at: When it was written down, seconds; counts if the event itself does not say when it was made.

    Raises:
        msgspec.MsgspecError: It is no event, or none that this version knows.
    """
    decode(payload)
    about = envelope(payload)
    return Moment(stream, StreamId(about.turn, about.seq), about.at or logged_at, payload)


def in_order(moments: Iterable[Moment]) -> list[Moment]:
    """By time; events of one stream stay in the order of their ids, whatever their clocks say."""
    latest: dict[str, float] = {}
    timed = []
    for one in sorted(moments, key=lambda one: (one.stream, one.id)):
        latest[one.stream] = max(one.at, latest.get(one.stream, 0.0))
        timed.append((latest[one.stream], one))
    return [one for _, one in sorted(timed, key=lambda pair: pair[0])]
