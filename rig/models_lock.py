"""What a first pull brought of a file whose hash nobody had told us: trusted then, held against every later pull.

The list belongs into version control, beside the manifest: the second rig then verifies what the first one trusted.
"""

import os
from pathlib import Path

import msgspec

from shared.errors import ConfigError

LOCK = Path(__file__).with_name("models.lock.json")


class Locked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file as it first came."""

    path: str
    sha256: str
    size: int
    origin: str
    """From where: repository and commit, or address."""
    first_pulled: str
    """Date, ISO 8601."""


def lock_path() -> Path:
    """`MIRROR_MODELS_LOCK`, or beside the manifest."""
    configured = os.environ.get("MIRROR_MODELS_LOCK")
    return Path(configured) if configured else LOCK


def read_lock(path: Path) -> dict[str, Locked]:
    """By path below models/; empty if nothing was ever locked.

    Raises:
        ConfigError: It is there and cannot be read: trusting anew in silence would be the one thing it is against.
    """
    try:
        locked = msgspec.json.decode(path.read_bytes(), type=list[Locked])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"models: {path.name} cannot be read ({error}); restore it from version control") from error
    return {one.path: one for one in locked}


def write_lock(path: Path, locked: dict[str, Locked]) -> None:
    """Replace the list, whole or not at all.

    Raises:
        ConfigError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(msgspec.json.format(msgspec.json.encode([locked[name] for name in sorted(locked)]), indent=2))
        part.replace(path)
    except OSError as error:
        raise ConfigError(
            f"models: cannot write {path} ({error.strerror}); name a place with MIRROR_MODELS_LOCK"
        ) from error
