"""The browser's half of the kiosk wire, written from `shared/kiosk_wire.py`."""

import textwrap

import msgspec

from shared import kiosk_wire
from shared.contract_reader import Field, Message, messages

_JS_KINDS = {str: "str", bool: "bool", int: "int", float: "float", bytes: "bytes"}
_JSDOC = {
    "str": "string", "bool": "boolean", "int": "number", "float": "number", "bytes": "Uint8Array", "str[]": "string[]",
    "{str: str}": "Record<string, string>",
}  # fmt: skip


def wire_module() -> str:
    """The whole of web/shared/wire.js."""
    up = messages(kiosk_wire, kiosk_wire.UpMessage, kiosk_wire.Up)
    down = messages(kiosk_wire, kiosk_wire.DownMessage, kiosk_wire.Down)
    return "\n".join([
        "/** What kiosk and session say to each other. Generated from `shared/kiosk_wire.py` by `make docs`: do not edit. */",
        "",
        'import { checked } from "./message.js";',
        'import { pack } from "./pack.js";',
        'import { unpack } from "./unpack.js";',
        "",
        "/** Bytes; a longer message closes the socket. */",
        f"export const MAX_MESSAGE = {kiosk_wire.MAX_MESSAGE};",
        "",
        _js_table("UP", "What the kiosk may say.", up),
        "",
        _js_table("DOWN", "What the kiosk may hear.", down),
        "",
        *(_js_typedef(message) for message in down),
        _js_union("Down", down),
        *(_js_constructor(message) for message in up),
        _JS_DECODE,
    ])  # fmt: skip


_JS_DECODE = """/**
 * @param {ArrayBuffer} payload One message of the session service.
 * @returns {Down | null} Null: a message newer than this page.
 * @throws {TypeError | RangeError} Not MessagePack, or a field is missing or of the wrong kind.
 */
export function decodeDown(payload) {
  const given = unpack(new Uint8Array(payload));
  const fields = Object.hasOwn(DOWN, given?.type) ? DOWN[given.type] : null;
  return fields ? /** @type {Down} */ (checked(given.type, fields, given)) : null;
}
"""


def js_kind(annotation: object) -> str:
    """The name `message.js` has for a type of the wire."""
    if annotation in _JS_KINDS:
        return _JS_KINDS[annotation]
    if annotation == tuple[str, ...]:
        return "str[]"
    if annotation == dict[str, str]:
        return "{str: str}"
    raise TypeError(f"kiosk_wire uses {annotation}: teach shared/describe.py and web/shared/message.js this type")


def _js_table(name: str, doc: str, members: list[Message]) -> str:
    rows = [f"/** {doc} */", f"export const {name} = {{"]
    for message in members:
        fields = ", ".join(f"{field.name}: {_js_field(field)}" for field in message.fields)
        rows.append(f"  {message.tag}: {{ {fields} }}," if fields else f"  {message.tag}: {{}},")
    return "\n".join([*rows, "};"])


def _js_field(field: Field) -> str:
    kind = msgspec.json.encode(js_kind(field.type)).decode()
    if field.default is msgspec.NODEFAULT:
        return f"{{ kind: {kind} }}"
    return f"{{ kind: {kind}, default: {msgspec.json.encode(field.default).decode()} }}"


def _js_typedef(message: Message) -> str:
    head = textwrap.wrap(message.doc, 112)
    fields = [
        f"@property {{{_JSDOC[js_kind(field.type)]}}} {field.name} {field.doc}".rstrip() for field in message.fields
    ]
    lines = [*head, f"@typedef {{object}} {message.name}", f'@property {{"{message.tag}"}} type', *fields]
    return "/**\n" + "\n".join(f" * {line}" for line in lines) + "\n */\n"


def _js_union(name: str, members: list[Message]) -> str:
    return f"/** @typedef {{{' | '.join(message.name for message in members)}}} {name} */\n"


def _js_constructor(message: Message) -> str:
    def parameter(field: Field) -> str:
        named = f"fields.{field.name}"
        shown = named if field.default is msgspec.NODEFAULT else f"[{named}]"
        return f"@param {{{_JSDOC[js_kind(field.type)]}}} {shown} {field.doc}".rstrip()

    lines = [*textwrap.wrap(message.doc, 112)]
    if message.fields:
        lines += ["@param {object} fields", *(parameter(field) for field in message.fields)]
    lines.append("@returns {Uint8Array}")
    argument = "fields" if message.fields else ""
    given = "fields" if message.fields else "{}"
    return (
        "/**\n" + "\n".join(f" * {line}" for line in lines) + "\n */\n"
        f"export function {message.tag}({argument}) {{\n"
        f'  return pack(checked("{message.tag}", UP.{message.tag}, {given}));\n}}\n'
    )
