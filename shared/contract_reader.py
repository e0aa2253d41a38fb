"""Reads the contract's own words: structs, their fields, and the docstrings below them."""

import ast
import inspect
import types
import typing
from types import ModuleType
from typing import Any

import msgspec


class Field(msgspec.Struct, frozen=True):
    """One field of a message."""

    name: str
    type: object
    default: object
    """NODEFAULT if it must be given."""
    doc: str


class Message(msgspec.Struct, frozen=True):
    """One event or message."""

    name: str
    tag: str
    stream: str
    doc: str
    fields: tuple[Field, ...]
    """Without the envelope's."""


def field_docs(module: ModuleType) -> dict[str, dict[str, str]]:
    """Class name -> field name -> the bare string below the field, newlines folded."""
    docs: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        found = docs.setdefault(node.name, {})
        for field, below in zip(node.body, node.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
                found[field.target.id] = folded(ast.literal_eval(below.value))
    return docs


def messages(module: ModuleType, union: object, envelope: type[msgspec.Struct]) -> list[Message]:
    """Every member of `union`, in its order."""
    docs = field_docs(module)
    own = set(envelope.__struct_fields__)
    return [
        Message(
            member.__name__,
            str(member.__struct_config__.tag),
            getattr(member, "stream", ""),
            folded(inspect.getdoc(member) or ""),
            tuple(field for field in fields_of(member, docs[member.__name__]) if field.name not in own),
        )
        for member in typing.get_args(union)
    ]


def fields_of(struct: type[msgspec.Struct], docs: dict[str, str]) -> list[Field]:
    """A struct's fields with its docstrings (field name -> words)."""
    found = []
    for info in msgspec.structs.fields(struct):
        default = info.default
        if info.default_factory is not msgspec.NODEFAULT:
            default = typing.cast("Any", info.default_factory)()
        found.append(Field(info.name, info.type, default, docs.get(info.name, "")))
    return found


def folded(text: str) -> str:
    """On one line."""
    return " ".join(text.split())


def python_type(annotation: object) -> str:
    """The annotation as one writes it."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace("shared.events.", "")
