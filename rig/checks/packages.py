"""Are the packages there that the chosen engines need, in the versions the tests passed with?"""

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

from rig.checks.ground import STAGES, Ground
from rig.service import ROOT
from shared.checkup import Finding

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def packages(ground: Ground) -> Iterator[Finding]:
    """One line a stage."""
    pins = _pins(ROOT / "constraints.txt")
    for stage in (*STAGES, "session"):
        yield _stage(stage, ground.engines(stage), pins)


def _stage(stage: str, engines: tuple[str, ...], pins: dict[str, str]) -> Finding:
    names = _required(ROOT / "services" / stage, engines)
    installed = {name: _installed(name) for name in names}
    gone = [name for name, version in installed.items() if not version]
    other = [
        f"{name} {version} instead of {pins[name]}"
        for name, version in installed.items()
        if version and name in pins and version.partition("+")[0] != pins[name]
    ]
    if gone:
        cure = "make install (embedded engines), make engines (the rig's)"
        return Finding(check=f"packages of {stage}", state="wrong", found=f"no {', '.join(gone)}", cure=cure)
    if other:
        cure = "nobody has tested these together: make install"
        return Finding(check=f"packages of {stage}", state="missing", found=", ".join(other), cure=cure)
    return Finding(check=f"packages of {stage}", state="right", found=f"{len(names)}, as tested")


def _required(folder: Path, engines: tuple[str, ...]) -> list[str]:
    """Names from the requirement files that these engines need."""
    files = ["requirements.txt"]
    if any(engine in RIG_ENGINES for engine in engines):
        files += ["requirements-rig.txt", "requirements-rig-nodeps.txt"]
    return sorted({name for file in files if (folder / file).is_file() for name in _names(folder / file)})


RIG_ENGINES = ("faster_whisper", "gemini", "openai_compatible", "f5", "audio2face", "omniverse", "inswapper")
"""Those whose packages stand in requirements-rig.txt."""


def _names(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if (found := _NAME.match(line.strip())) and not line.startswith(("#", "-")):
            yield _normal(found[0])


def _pins(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pairs = [line.partition("==") for line in lines if "==" in line and not line.startswith("#")]
    return {_normal(name): version.strip() for name, _, version in pairs}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
