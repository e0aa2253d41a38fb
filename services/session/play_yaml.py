"""From the text of a play to its Struct, naming every fault with its line.

PyYAML's safe loader would silently take the last of two equal keys and read `on:`, `yes`, `no` as truth values; here both
are refused, because in a play they are always a slip.
"""

import difflib
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
import yaml
from msgspec import inspect

T = TypeVar("T", bound=msgspec.Struct)
Where = tuple[str | int, ...]

_TRUTH = "tag:yaml.org,2002:bool"
_MAX_CHARACTERS = 1_000_000
_MAX_DEPTH = 20


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a play."""

    where: str
    """Place in the play, e.g. `scenes.look.time`."""
    what: str
    """What is wrong and what to do."""
    line: int = 0
    """Line of the file from 1; 0 if it belongs to none."""

    def __str__(self) -> str:
        """`line 12: scenes.look: ...`."""
        at = f"line {self.line}: " if self.line else ""
        return f"{at}{self.where}: {self.what}" if self.where else f"{at}{self.what}"


def refusal(name: str, problems: list[Problem]) -> str:
    """One message for all of them."""
    count = "1 fault" if len(problems) == 1 else f"{len(problems)} faults"
    return "\n  ".join([f"play {name}: {count}; the mirror will not open with it", *map(str, problems)])


class Source:
    """A play's text as plain values, and the line each of them stands on."""

    def __init__(self) -> None:
        self.lines: dict[Where, int] = {}
        self.problems: list[Problem] = []
        self._open: set[int] = set()

    def value(self, node: yaml.Node, where: Where = ()) -> Any:
        """The plain value of a YAML node."""
        self.lines[where] = node.start_mark.line + 1
        if len(where) > _MAX_DEPTH or id(node) in self._open:
            self._fault(node, where, "is nested without end; write it out")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*where, index)) for index, item in enumerate(node.value)]
            return self._mapping(node, where)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.Node, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, item in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            if not key or key_node.tag == _TRUTH:
                self._fault(key_node, where, f"the key {key!r} is no word in YAML (on, off, yes, no are truth values); "
                            "use another word, such as when, agreed, declined, or put it in quotes")  # fmt: skip
                continue
            if key in found:
                self._fault(key_node, (*where, key), "stands here twice; keep one")
                continue
            found[key] = self.value(item, (*where, key))
        return found

    def _scalar(self, node: yaml.ScalarNode, where: Where) -> Any:
        if node.tag == _TRUTH and node.value.lower() not in ("true", "false"):
            self._fault(node, where, f"{node.value!r} without quotes is a truth value in YAML; "
                        f'write "{node.value}" for the word, or true or false')  # fmt: skip
            return node.value
        try:
            # Strings stay strings, numbers become numbers; dates and the like stay text, a play has none.
            plain = node.tag.rsplit(":", 1)[-1] in ("int", "float", "bool", "null")
            return yaml.safe_load(node.value) if plain else node.value
        except (yaml.YAMLError, ValueError):
            return node.value

    def _fault(self, node: yaml.Node, where: Where, what: str) -> None:
        self.problems.append(Problem(where=name_of(where), what=what, line=node.start_mark.line + 1))

    def line_of(self, where: Where) -> int:
        """The line of the innermost part of `where` that stands in the file."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 0)


def name_of(where: Where, values: Any = None) -> str:
    """`scenes.2.time` as people read it; with `values`, items of a list that have an id go by it."""
    names: list[str] = []
    for part in where:
        values = _child(values, part)
        named = values.get("id") if isinstance(values, dict) and isinstance(part, int) else None
        names.append(str(named if named else part))
    return ".".join(names)


def _child(values: Any, part: str | int) -> Any:
    if isinstance(values, dict):
        return values.get(part)
    if isinstance(values, list) and isinstance(part, int) and part < len(values):
        return values[part]
    return None


def read_play_text(text: str, name: str, kind: type[T]) -> tuple[T | None, list[Problem]]:
    """Text as a Struct, or None with every fault found on the way.

    Args:
        text: YAML.
        name: For messages about the whole file.
        kind: A Struct that forbids unknown fields.
    """
    if len(text) > _MAX_CHARACTERS:
        return None, [Problem(where=name, what=f"is longer than {_MAX_CHARACTERS:,} characters; this is no play")]
    source = Source()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        return None, [_unreadable(error, name)]
    if not isinstance(node, yaml.MappingNode):
        return None, [Problem(where=name, what="is no play: it must begin with keys such as id: and scenes:", line=1)]
    values = source.value(node)
    problems = [*source.problems, *_misfits(values, inspect.type_info(kind), (), source, values)]
    if problems:
        return None, sorted(problems, key=lambda problem: problem.line)
    try:
        return msgspec.convert(values, kind), []
    except msgspec.ValidationError as error:  # a misfit that the walk above does not know
        return None, [Problem(where=name, what=str(error))]


def lines_of_text(text: str) -> dict[Where, int]:
    """On which line each part of a readable play stands."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    source = Source()
    if node is not None:
        source.value(node)
    return source.lines


def _unreadable(error: Exception, name: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Problem(where=name, what=f"is no YAML: {what}; look at the indentation, quotes and colons just before",
                   line=mark.line + 1 if mark else 0)  # fmt: skip


def _misfits(value: Any, kind: inspect.Type, where: Where, source: Source, root: Any) -> Iterator[Problem]:
    """Everything in `value` that does not fit `kind`, not only the first."""
    if isinstance(kind, inspect.UnionType):
        if value is None and any(isinstance(one, inspect.NoneType) for one in kind.types):
            return
        kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        yield from _struct_misfits(value, kind, where, source, root)
    elif isinstance(kind, inspect.DictType) and isinstance(value, dict):
        for key, item in value.items():
            yield from _misfits(item, kind.value_type, (*where, key), source, root)
    elif isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _misfits(item, kind.item_type, (*where, index), source, root)
    elif wrong := _leaf_misfit(value, kind):
        yield Problem(where=name_of(where, root), what=wrong, line=source.line_of(where))


def _struct_misfits(
    value: dict[str, Any], kind: inspect.StructType, where: Where, source: Source, root: Any
) -> Iterator[Problem]:
    fields = {field.encode_name: field for field in kind.fields}
    for key, item in value.items():
        inside = (*where, key)
        if key in fields:
            yield from _misfits(item, fields[key].type, inside, source, root)
            continue
        near = difflib.get_close_matches(key, fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(fields))}"
        yield Problem(where=name_of(inside, root), what=f"unknown key {key!r}; {hint}", line=source.line_of(inside))
    for key, field in fields.items():
        if field.required and key not in value:
            yield Problem(where=name_of(where, root) or "the play", what=f"{key!r} is missing; add {key}: ...",
                          line=source.line_of(where))  # fmt: skip


def _leaf_misfit(value: Any, kind: inspect.Type) -> str:
    if isinstance(kind, inspect.LiteralType):
        words = [str(one) for one in kind.values if one != ""]
        if value in kind.values:
            return ""
        near = difflib.get_close_matches(str(value), words, n=1)
        return f"{value!r} is not known; " + (f"did you mean {near[0]!r}?" if near else f"use {', '.join(words)}")
    try:
        msgspec.convert(value, _PLAIN.get(type(kind), Any))
        if isinstance(kind, inspect.StructType | inspect.DictType):
            return f"must be keys and values, not {value!r:.40}"
        if isinstance(kind, inspect.VarTupleType):
            return f"must be a list: [{value!s:.30}]"
        if isinstance(kind, inspect.TupleType) and (not isinstance(value, list) or len(value) != len(kind.item_types)):
            return "must be a pair: [what the visitor says, what the mirror answers]"
    except msgspec.ValidationError as error:
        return re.sub(r"`(\w+)`", lambda found: _NAMES.get(found[1], found[1]), str(error)).split(" - ")[0]
    return ""


_PLAIN: dict[type[inspect.Type], type] = {
    inspect.StrType: str, inspect.FloatType: float, inspect.IntType: int, inspect.BoolType: bool,
}  # fmt: skip
_NAMES = {"str": "words", "float": "a number", "int": "a whole number", "bool": "true or false",
          "null": "nothing", "object": "keys and values", "array": "a list"}  # fmt: skip
