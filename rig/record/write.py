"""A recording becomes an MCAP file: all of it or nothing, readable by its owner alone."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from mcap.writer import CompressionType, Writer

from rig.record.manifest import NAME, Manifest, to_metadata
from rig.record.moment import Moment, in_order
from shared import events
from shared.contract_reader import messages
from shared.errors import BadInput
from shared.streams import WRITER

PROFILE = "mirror-mirror"
SCHEMA_ENCODING = "mirror.events"
"""A schema's data is the list of its stream's event names, one a line; docs/events.md says what they hold."""

CHUNK_BYTES = 256 * 1024
"""A damaged chunk is lost as a whole, so chunks are small: some seconds of a visit."""


_EVENTS: dict[str, list[str]] = {}
for _message in messages(events, events.AnyEvent, events.Event):
    _EVENTS.setdefault(_message.stream, []).append(_message.tag)


def write_recording(path: Path, manifest: Manifest, moments: Sequence[Moment]) -> None:
    """Write, then put in place: a file of that name is whole, always.

    Raises:
        BadInput: The folder cannot be written to, or is full; nothing is left behind.
    """
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    except OSError as error:
        raise BadInput(f"record: cannot write in {path.parent} ({error.strerror}); give another place") from error
    try:
        with os.fdopen(handle, "wb") as stream:
            _write(stream, manifest, moments)
        Path(part).replace(path)
    except BaseException as error:
        Path(part).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise BadInput(f"record: cannot write {path} ({error.strerror}); nothing was kept") from error
        raise


def _write(stream: IO[bytes], manifest: Manifest, moments: Sequence[Moment]) -> None:
    writer = Writer(stream, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD, enable_data_crcs=True)
    writer.start(profile=PROFILE, library=f"mirror {manifest.version}".strip())
    writer.add_metadata(NAME, to_metadata(manifest))  # before the events: a file that breaks off still has it
    channels: dict[str, int] = {}
    for one in in_order(moments):
        if one.stream not in channels:
            channels[one.stream] = _channel(writer, one.stream)
        at_ns = round(one.at * 1e9)
        writer.add_message(channels[one.stream], at_ns, one.payload, publish_time=at_ns, sequence=one.id.seq)
    writer.finish()  # type: ignore[no-untyped-call]  # of the library


def _channel(writer: Writer, stream: str) -> int:
    names = "\n".join(_EVENTS.get(stream.partition(".")[0], ())).encode()
    schema = writer.register_schema(name=stream, encoding=SCHEMA_ENCODING, data=names)
    about = {"writer": WRITER.get(stream, stream.partition(".")[2]), "id": "<turn>-<seq> of the event"}
    return int(writer.register_channel(topic=stream, message_encoding="msgpack", schema_id=schema, metadata=about))
