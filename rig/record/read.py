"""An MCAP file becomes a recording: whoever wrote it, and as much of it as is whole."""

import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import zstandard
from mcap.exceptions import EndOfFile, McapError
from mcap.records import Channel, Chunk, Footer, Message, Metadata
from mcap.stream_reader import CRCValidationError, StreamReader, breakup_chunk

from rig.record.manifest import NAME, Manifest, from_metadata
from rig.record.moment import STREAMS, Moment, envelope, in_order, moment
from shared.errors import BadInput
from shared.events import SceneEntered, decode
from shared.streams import StreamId

RECORD_LIMIT = 256 * 1024 * 1024
"""Bytes; a record that says it is longer is damage."""

_BROKEN_CHUNK = (
    McapError,
    CRCValidationError,
    zstandard.ZstdError,
    struct.error,
    ValueError,
    RuntimeError,
    MemoryError,
)
_BROKEN_FILE = (McapError, struct.error, ValueError)


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A recording in memory."""

    manifest: Manifest
    moments: tuple[Moment, ...]
    """In the order of time."""
    damage: tuple[str, ...] = ()
    """What is missing, and why, in plain words; empty if all is whole."""

    def of(self, *streams: str) -> list[Moment]:
        """The events of some streams."""
        return [one for one in self.moments if one.stream in streams]

    def until(self, seconds: float) -> "Recorded":
        """The beginning of it."""
        end = self.moments[0].at + seconds
        return msgspec.structs.replace(self, moments=tuple(one for one in self.moments if one.at < end))


def read_recording(path: Path) -> Recorded:
    """Everything that is whole in a file.

    Raises:
        BadInput: It cannot be opened, is no MCAP file, or holds no event at all.
    """
    reading = _Reading()
    try:
        with path.open("rb") as file:
            reading.take_all(file)
    except OSError as error:
        raise BadInput(f"replay: cannot open {path} ({error.strerror})") from error
    if not reading.moments:
        _refuse(path, reading)
    return reading.recorded()


def _refuse(path: Path, reading: "_Reading") -> NoReturn:
    why = "; ".join(reading.damage) or "it is empty"
    raise BadInput(f"replay: {path} holds no event of a visit: {why}; docs/recording.md says what a recording is")


class _Reading:
    """What has been read so far."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.damage: list[str] = []
        self._manifest = Manifest()
        self._channels: dict[int, Channel] = {}
        self._sessions: Counter[str] = Counter()
        self._seen: set[tuple[str, str, StreamId]] = set()
        self._left_out: Counter[str] = Counter()
        self._has_end = False

    def take_all(self, file: Any) -> None:
        """Record by record; what breaks ends it, and what came before counts."""
        try:
            for record in self._records(file):
                self._take(record)
        except EndOfFile:
            pass
        except _BROKEN_FILE as error:
            self.damage.append(f"not readable any further ({type(error).__name__}: {error})")
        if not self._has_end and not self.damage:
            self.damage.append("the file breaks off: its end is missing")
        self.damage += [f"{count} left out: {why}" for why, count in sorted(self._left_out.items())]

    def _records(self, file: Any) -> Iterator[object]:
        # Chunks are opened one by one: a damaged one costs itself alone.
        for record in StreamReader(file, emit_chunks=True, record_size_limit=RECORD_LIMIT).records:
            if not isinstance(record, Chunk):
                yield record
                continue
            try:
                if record.uncompressed_size > RECORD_LIMIT:
                    raise ValueError("chunk too large")
                inside = breakup_chunk(record, validate_crc=True)
            except _BROKEN_CHUNK as error:
                self._left_out[f"a damaged chunk ({type(error).__name__})"] += 1
                continue
            yield from inside

    def _take(self, record: object) -> None:
        match record:
            case Channel():
                self._channels[record.id] = record
            case Metadata() if record.name == NAME:
                self._manifest = from_metadata(record.metadata)
            case Message():
                self._take_message(record)
            case Footer():
                self._has_end = True
            case _:
                pass

    def _take_message(self, message: Message) -> None:
        channel = self._channels.get(message.channel_id)
        stream = channel.topic.rpartition(":")[2].strip("/") if channel else ""
        if channel is None or channel.message_encoding != "msgpack":
            self._left_out["an event in another encoding than msgpack"] += 1
        elif stream not in STREAMS:
            self._left_out[f"an event of {stream!r}, which is no stream of a visit"] += 1
        else:
            self._take_event(stream, message)

    def _take_event(self, stream: str, message: Message) -> None:
        try:
            one = moment(stream, message.data, message.log_time / 1e9)
            session = envelope(message.data).session
        except msgspec.MsgspecError as error:
            self._left_out[f"an event of {stream!r} that docs/events.md does not know ({error})"] += 1
            return
        if (session, stream, one.id) in self._seen:
            self._left_out[f"an event of {stream!r} whose id was there before"] += 1
            return
        self._seen.add((session, stream, one.id))
        self._sessions[session] += 1
        self.moments.append(one)

    def recorded(self) -> Recorded:
        """One visit: the manifest's, else the one most of the events belong to."""
        most = self._sessions.most_common(1)[0][0]
        session = self._manifest.session if self._manifest.session in self._sessions else most
        mine = [one for one in self.moments if envelope(one.payload).session == session]
        if len(self._sessions) > 1:
            self.damage.append(f"{sum(self._sessions.values()) - len(mine)} left out: events of another visit")
        language = self._manifest.language or _language_of(mine)
        return Recorded(
            manifest=msgspec.structs.replace(self._manifest, session=session, language=language),
            moments=tuple(in_order(mine)),
            damage=tuple(self.damage),
        )


def _language_of(moments: list[Moment]) -> str:
    """Of a recording that does not say."""
    for one in moments:
        event = decode(one.payload)
        if isinstance(event, SceneEntered):
            return event.language
    return "en"
