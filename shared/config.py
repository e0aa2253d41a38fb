"""Settings: one TOML file, one section a service, each key overridable by an environment variable.

A file may begin with `base = "mirror.toml"`, a file beside it: then it says only what is different.
`MIRROR_ASR__ENGINE=scripted` sets `[asr] engine`; deeper tables by more double underscores. Values of variables are read as
TOML where that works (`5`, `true`, `["a"]`) and as text otherwise.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from shared.errors import ConfigError

T = TypeVar("T", bound=msgspec.Struct)

PREFIX = "MIRROR_"
DEFAULT_FILE = "config/mirror.toml"
BASE = "base"
"""Key of the file that another only changes."""
_NOT_SETTINGS = ("MIRROR_CONFIG",)
"""Variables with our prefix that name no setting."""


def load_settings(path: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """All settings as nested dicts: the file over its base, then the environment over both.

    Raises:
        ConfigError: The file is missing or is no TOML; says where.
    """
    settings = _read(path)
    if base := settings.pop(BASE, None):
        beneath = _read(path.with_name(str(base)))
        if BASE in beneath:
            raise ConfigError(f"settings: {base} is the base of {path.name} and cannot have one itself")
        settings = _laid_over(beneath, settings)
    for name, text in sorted(environ.items()):
        if name.startswith(PREFIX) and "__" in name and name not in _NOT_SETTINGS:
            override(settings, name[len(PREFIX) :].lower().split("__"), text)
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError as error:
        raise ConfigError(f"settings: no file {path}; give one with --config or MIRROR_CONFIG") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"settings: {path}: {error}") from error


def _laid_over(beneath: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged key by key; anything else is replaced whole."""
    merged = dict(beneath)
    for name, value in above.items():
        under = merged.get(name)
        merged[name] = _laid_over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def override(settings: dict[str, Any], where: list[str], text: str) -> None:
    """Set one value in place, creating tables on the way. Raises ConfigError if a value stands where a table must."""
    *tables, last = where
    for name in tables:
        settings = settings.setdefault(name, {})
        if not isinstance(settings, dict):
            raise ConfigError(f"settings: {'.'.join(where)}: {name} is a value, not a table")
    settings[last] = _value(text)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text


def section(settings: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """One section as its Struct, which must be declared with `forbid_unknown_fields=True`.

    Raises:
        ConfigError: A key is unknown (with the nearest known one), missing or of the wrong type.
    """
    table = settings.get(name, {})
    if isinstance(table, dict):
        refuse_unknown(table, f"settings: [{name}]", kind)
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"settings: [{name}]: {error}") from error


def refuse_unknown(table: Mapping[str, Any], where: str, kind: type[msgspec.Struct]) -> None:
    """Raises ConfigError for a key that `kind` does not have, naming the nearest, or all."""
    known = [field.encode_name for field in msgspec.structs.fields(kind)]
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
            raise ConfigError(f"{where}: unknown key {key!r}{hint}")


def settings_from_environment() -> dict[str, Any]:
    """What a container's `__main__` loads: the file named by MIRROR_CONFIG (or config/mirror.toml), then the environment."""
    return load_settings(Path(os.environ.get("MIRROR_CONFIG", DEFAULT_FILE)), os.environ)
