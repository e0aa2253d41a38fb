"""Writes what people and the browser read about the contract, from the contract itself.

`python -m shared.describe --events docs/events.md --js services/session/web/shared/wire.js`; with `--check` nothing is
written and the exit status says whether both files are current.
"""

import argparse
import inspect
import sys
import types
import typing
from pathlib import Path

import msgspec

from shared import events, kiosk_wire, streams
from shared.contract_reader import Field, Message, field_docs, fields_of, folded, messages, python_type
from shared.describe_js import wire_module

OWN_WRITERS = {
    "sessions": "session",
    "stages": "every stage",
    "offers": "the stage that lets go",
    "dead": "the stage that failed",
    "receipts": "session",
    "clock": "session",
}
"""Streams that no one stage owns."""

_PREFACE = """# Events

Generated from `shared/events.py`, `shared/streams.py` and `shared/kiosk_wire.py` by `make docs`; a test compares.
Do not edit."""


def events_page() -> str:
    """The whole of docs/events.md."""
    every = messages(events, events.AnyEvent, events.Event)
    envelope = fields_of(events.Event, field_docs(events)["Event"])
    parts = [
        _PREFACE,
        inspect.getdoc(events) or "",
        "## Streams\n\n" + _stream_table(every),
        "## The envelope\n\n" + (inspect.getdoc(events.Event) or "") + "\n\n" + _field_table(envelope),
        *(_event_section(message) for message in every),
        "## Parts of events\n\n" + "\n\n".join(_part_section(part) for part in _parts(every)),
        "# Kiosk wire\n\n" + (inspect.getdoc(kiosk_wire) or ""),
        f"A message is at most {kiosk_wire.MAX_MESSAGE:,} bytes.",
        "## From the kiosk",
        *(_wire_section(message) for message in messages(kiosk_wire, kiosk_wire.UpMessage, kiosk_wire.Up)),
        "## To the kiosk",
        *(_wire_section(message) for message in messages(kiosk_wire, kiosk_wire.DownMessage, kiosk_wire.Down)),
    ]
    return "\n\n".join(parts) + "\n"


def _stream_table(every: list[Message]) -> str:
    names = sorted({message.stream for message in every})
    rows = ["| stream | writer | longest (events) | events |", "|---|---|---|---|"]
    for name in names:
        kinds = ", ".join(f"`{message.tag}`" for message in every if message.stream == name)
        cap = streams.CAP.get(name, streams.DEFAULT_CAP)
        rows.append(f"| `{name}` | {writer(name)} | {cap:,} | {kinds} |")
    return "\n".join(rows)


def writer(stream: str) -> str:
    """Who writes a stream."""
    found = streams.WRITER.get(stream) or OWN_WRITERS.get(stream)
    if found is None:
        raise LookupError(f"nobody writes stream {stream!r}: name its writer in shared/streams.py WRITER")
    return found


def id_rule(doc: str) -> str:
    """The sentences of a docstring that say what `turn` and `seq` count here."""
    said = [part for part in doc.replace(". `", ".\0`").split("\0") if "`seq`" in part or "`turn`" in part]
    return " ".join(part.strip() for part in said)


def _event_section(message: Message) -> str:
    head = f"## `{message.tag}` ({message.name})\n\n{message.doc}\n\nStream `{message.stream}`, written by {writer(message.stream)}."
    rule = id_rule(message.doc) or "`turn` and `seq` rise in the order of writing."
    return f"{head} Id: {rule}" + (f"\n\n{_field_table(message.fields)}" if message.fields else "")


def _wire_section(message: Message) -> str:
    head = f"### `{message.tag}` ({message.name})\n\n{message.doc}"
    return head + (f"\n\n{_field_table(message.fields)}" if message.fields else "")


def _part_section(part: type[msgspec.Struct]) -> str:
    fields = fields_of(part, field_docs(events)[part.__name__])
    return f"### {part.__name__}\n\n{folded(inspect.getdoc(part) or '')}\n\n{_field_table(fields)}"


def _parts(every: list[Message]) -> list[type[msgspec.Struct]]:
    """Structs that only occur inside events, each once, in order of first use."""
    found: dict[type[msgspec.Struct], None] = {}
    waiting = [field.type for message in every for field in message.fields]
    while waiting:
        kind = waiting.pop(0)
        if isinstance(kind, type) and not isinstance(kind, types.GenericAlias) and issubclass(kind, msgspec.Struct):
            if kind not in found:
                found[kind] = None
                waiting.extend(info.type for info in msgspec.structs.fields(kind))
        else:
            waiting.extend(typing.get_args(kind))
    return list(found)


def _field_table(fields: typing.Sequence[Field]) -> str:
    rows = ["| field | type | default | |", "|---|---|---|---|"]
    for field in fields:
        default = "required" if field.default is msgspec.NODEFAULT else f"`{field.default!r}`"
        kind = python_type(field.type).replace("|", "\\|")
        rows.append(f"| `{field.name}` | `{kind}` | {default} | {field.doc.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Write the two files, or with --check say whether they are current."""
    parser = argparse.ArgumentParser(prog="python -m shared.describe", description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=Path, help="docs/events.md")
    parser.add_argument("--js", type=Path, help="services/session/web/shared/wire.js")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 if a file is out of date")
    chosen = parser.parse_args(arguments)
    stale = []
    for path, text in ((chosen.events, events_page), (chosen.js, wire_module)):
        if path is None:
            continue
        if chosen.check and (not path.exists() or path.read_text(encoding="utf-8") != text()):
            stale.append(path)
        elif not chosen.check:
            path.write_text(text(), encoding="utf-8")
    for path in stale:
        sys.stderr.write(f"{path} is out of date: run `make docs`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
