"""Engine table: a word in the config -> a module, imported only when it is chosen."""

import difflib
import importlib
from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast

import msgspec

from shared.errors import ConfigError, EngineUnavailable

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

    def __init__(self, stage: str, table: Mapping[str, str]) -> None:
        self.stage = stage
        self.table = dict(table)

    def open(self, choice: EngineChoice) -> P:
        """The chosen engine.

        Raises:
            ConfigError: No such engine, or an option it does not know.
            EngineUnavailable: Its package is not installed.
        """
        for name in choice.options:
            self._check(name, "options for")
        return self._open(choice.engine, choice)

    def _open(self, name: str, choice: EngineChoice) -> P:
        self._check(name, "engine")
        try:
            module = importlib.import_module(self.table[name])
        except ImportError as error:
            raise EngineUnavailable(
                f"{self.stage}: engine {name!r} needs a package that is not installed ({error}); "
                f"see services/{self.stage}/README.md"
            ) from error
        try:
            options = msgspec.convert(choice.options.get(name, {}), module.Options)
        except msgspec.ValidationError as error:
            raise ConfigError(f"[{self.stage}.options.{name}]: {error}") from error
        return cast("P", module.open_engine(options, lambda other: self._open(other, choice)))

    def _check(self, name: str, what: str) -> None:
        if name in self.table:
            return
        near = difflib.get_close_matches(name, self.table, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"[{self.stage}] {what} {name!r} is unknown; there are {', '.join(self.table)}{hint}")
