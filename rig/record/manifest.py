"""What a recording says of itself. Travels as MCAP metadata: strings by name, so that any MCAP tool shows it."""

import hashlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

NAME = "mirror.recording"
"""Name of the metadata record."""

FORMAT = "1"

SYNTHETIC = "synthetic"
"""Consent of a visitor who is a folder of free recordings."""


class EngineUsed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who did a stage's work."""

    engine: str
    device: str = ""
    version: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything has a default: a recording of another system need not bring one."""

    format: str = FORMAT
    session: str = ""
    language: str = ""
    script: str = ""
    """Id of the play."""
    script_sha256: str = ""
    consent: str = ""
    """`synthetic`, or the fact of the play by which the visitor agreed: `spoken: recording`."""
    visitor: str = ""
    """Name of a synthetic visitor; a real one has none."""
    licence: str = ""
    version: str = ""
    """Of the software that recorded."""
    engines: dict[str, EngineUsed] = {}
    pictures_hz: float = 0.0
    """At most so many pictures of the mirror a second were kept; 0: all."""
    note: str = ""


def to_metadata(manifest: Manifest) -> dict[str, str]:
    """As MCAP wants it: what is not a string becomes JSON."""
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in msgspec.to_builtins(manifest).items()
    }


def from_metadata(metadata: Mapping[str, str]) -> Manifest:
    """What can be understood of it; the rest keeps its default. Fields of a later format are ignored."""
    known: dict[str, Any] = {}
    for field in msgspec.structs.fields(Manifest):
        text = metadata.get(field.name)
        if text is None:
            continue
        try:
            known[field.name] = text if field.type is str else msgspec.json.decode(text, type=field.type)
        except msgspec.MsgspecError:
            continue
    return Manifest(**known)


def software() -> str:
    """Name and version of this software."""
    try:
        return version("mirror-mirror")
    except PackageNotFoundError:
        return ""


def sha256_of(path: Path) -> str:
    """Of a play: the same words must be spoken for a comparison to mean anything."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
