"""A voice as bytes, for the process that comes after this one. Pure.

An .npz archive: numbers and arrays by name, nothing that could be run.
"""

import io
import zipfile
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shared.errors import EngineFailed

_ENGINE = "engine"


def packed(engine: str, parts: Mapping[str, ArrayLike]) -> bytes:
    """The parts of a voice. `engine`: name and version of who can speak in it."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{_ENGINE: np.asarray(engine)}, **dict(parts))
    return buffer.getvalue()


def unpacked(engine: str, kept: bytes, names: Collection[str]) -> dict[str, NDArray[np.generic]]:
    """The parts, which have these names. Raises EngineFailed: this is no voice, or one of another engine or version."""
    try:
        with np.load(io.BytesIO(kept), allow_pickle=False) as archive:
            parts = {name: np.asarray(archive[name]) for name in archive.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise EngineFailed(f"{engine}: what was kept of the voice cannot be read ({type(error).__name__})") from error
    author = str(parts.pop(_ENGINE, ""))
    if author != engine or parts.keys() != set(names):
        raise EngineFailed(f"{engine}: what was kept is not its own voice, but {author or 'nobody'}'s: {sorted(parts)}")
    return parts
