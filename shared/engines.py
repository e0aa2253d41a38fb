"""Engine table: a word in the config -> a module, imported only when it is chosen."""

import difflib
import importlib
from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar, cast

import msgspec

from shared.config import refuse_unknown
from shared.errors import ConfigError, EngineUnavailable
from shared.pair import PAIRS, with_order

P = TypeVar("P")


class EngineChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which engine, and the options of any that may be opened. Base of every stage's config section."""

    engine: str
    options: dict[str, dict[str, Any]] = {}
    """Per engine name: its own options, checked against its `Options`."""


class Engines(Generic[P]):
    """The engines of one port.

    Each module in the table has two names: `Options`, a msgspec Struct that refuses unknown fields, and
    `open_engine(options, others)`, which returns the engine (not yet warm). `others` opens another engine of this table by
    name: that is how `fallback`, itself an engine, wraps two.
    """

    def __init__(self, stage: str, table: Mapping[str, str], kind: str = "engine") -> None:
        """`kind`: what the settings call them, where a stage has something else to choose than its engine."""
        self.stage = stage
        self.table = dict(table)
        self._kind = kind
        self._where = f"{stage}.options" if kind == "engine" else f"{stage}.{kind}_options"

    def open(self, choice: EngineChoice) -> P:
        """The chosen engine.

        Raises:
            ConfigError: No such engine, or an option it does not know.
            EngineUnavailable: Its package is not installed.
        """
        for name in choice.options:
            self._check(name, f"{self._where.rpartition('.')[2]} for")
        return self._open(choice.engine, choice)

    def members(self, choice: EngineChoice) -> tuple[str, ...]:
        """The engines that may come to work, without those that only wrap them; the preferred first, each once.

        Raises:
            ConfigError: An engine that does not exist, or an order that is none.
        """
        return tuple(dict.fromkeys(self._ends(choice.engine, choice, ())))

    def _ends(self, name: str, choice: EngineChoice, within: tuple[str, ...]) -> Iterator[str]:
        self._check_place(name, within)
        if name not in PAIRS:
            yield name
            return
        for one in self._options(name, choice, importlib.import_module(self.table[name])).order:
            yield from self._ends(one, choice, (*within, name))

    def _open(self, name: str, choice: EngineChoice, within: tuple[str, ...] = ()) -> P:
        """One engine; `within`: those that wrap it, the outermost first."""
        self._check_place(name, within)
        try:
            module = importlib.import_module(self.table[name])
        except ImportError as error:
            raise EngineUnavailable(
                f"{self.stage}: {self._kind} {name!r} needs a package that is not installed ({error}); "
                f"see services/{self.stage}/README.md"
            ) from error
        options = self._options(name, choice, module)
        return cast("P", module.open_engine(options, lambda other: self._open(other, choice, (*within, name))))

    def _options(self, name: str, choice: EngineChoice, module: Any) -> Any:
        """The engine's own `Options`. Raises ConfigError."""
        given, where = choice.options.get(name, {}), f"{self._where}.{name}"
        given = with_order(given, name, where) if name in PAIRS else given
        refuse_unknown(given, f"[{where}]", module.Options)
        try:
            return msgspec.convert(given, module.Options)
        except msgspec.ValidationError as error:
            raise ConfigError(f"[{where}]: {error}") from error

    def _check_place(self, name: str, within: tuple[str, ...]) -> None:
        self._check(name, self._kind)
        if name in within:
            raise ConfigError(f"[{self.stage}] {' wraps '.join((*within, name))}: no {self._kind} can wrap itself")

    def _check(self, name: str, what: str) -> None:
        if name in self.table:
            return
        near = difflib.get_close_matches(name, self.table, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"[{self.stage}] {what} {name!r} is unknown; there are {', '.join(self.table)}{hint}")
