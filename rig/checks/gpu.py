"""The card, its driver and the CUDA libraries that the chosen engines load. Asked of nvidia-smi: no package is needed."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from rig.checks.ground import Ground
from rig.checks.vram import Card, budget, now_free, shares
from rig.rig_config import RigConfig
from shared.checkup import Finding
from shared.config import section

QUERY = "name,driver_version,memory.total,memory.used,utilization.gpu"
WSL_TOOL = Path("/usr/lib/wsl/lib/nvidia-smi")
_CUDA = re.compile(r"CUDA Version\s*:\s*(\d+)\.(\d+)")
_TORCH_CUDA = re.compile(r"^cuda\b[^=]*=\s*'(\d+)\.(\d+)'", re.MULTILINE)


class NoCard(Exception):
    """There is no card to be asked; says why."""


def read_card() -> Card:
    """The first card.

    Raises:
        NoCard: No tool, no driver, no card, or the driver does not answer.
    """
    tool = shutil.which("nvidia-smi") or (str(WSL_TOOL) if WSL_TOOL.is_file() else "")
    if not tool:
        raise NoCard("no NVIDIA driver is installed")
    rows = _run(tool, f"--query-gpu={QUERY}", "--format=csv,noheader,nounits").strip().splitlines()
    cells = [cell.strip() for cell in rows[0].split(",")] if rows else []
    if len(cells) != QUERY.count(",") + 1:
        raise NoCard("the driver names no card")
    version = _CUDA.search(_run(tool))
    return Card(
        name=cells[0],
        driver=cells[1],
        cuda=(int(version[1]), int(version[2])) if version else (0, 0),
        total_gb=_number(cells[2]) / 1024,
        used_gb=_number(cells[3]) / 1024,
        load_percent=_number(cells[4]),
    )


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=8, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoCard(f"the driver does not answer ({type(error).__name__})") from error
    if done.returncode:
        said = (done.stdout.strip() or done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
        raise NoCard(f"the driver does not answer: {said}")
    return done.stdout


def _number(text: str) -> float:
    """`[N/A]`, as some cards say of some things, counts as nothing."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def card(ground: Ground) -> Iterator[Finding]:
    """Card, driver, budget, libraries; where there is none, whether one is needed."""
    is_needed = ground.needs_card()
    try:
        found = read_card()
    except NoCard as none:
        if is_needed:
            cure = "the chosen engines want a card: install NVIDIA's driver (R580 or newer), or run with the embedded engines"
            # Whether they do without one, and how fast, is told by their own lines.
            state: Literal["missing", "wrong"] = "missing" if ground.stands_without_card() else "wrong"
            yield Finding(check="GPU", state=state, found=str(none), cure=cure)
        else:
            yield Finding(check="GPU", state="right", found=f"{none}; the chosen engines need no card")
        return
    version = ".".join(map(str, found.cuda))
    yield Finding(check="GPU", state="right", found=f"{found.name}, driver {found.driver}, CUDA up to {version}")
    config = section(ground.settings, "rig", RigConfig)
    planned = shares(ground, config)
    yield budget(found, planned, config)
    yield now_free(found, planned)
    if is_needed:
        yield from libraries(ground, found)


def libraries(ground: Ground, found: Card) -> Iterator[Finding]:
    """What the engines will load, without loading it."""
    for stage, engine, look in (
        ("tts", "f5", partial(_torch, found)),
        ("asr", "faster_whisper", _cublas),
        ("faceswap", "inswapper", _onnxruntime),
    ):
        if engine not in ground.on_card(stage):
            continue
        finding = look()
        has_other = ground.engines(stage)[-1] != engine
        is_bearable = finding.state == "wrong" and has_other
        yield msgspec.structs.replace(finding, state="missing") if is_bearable else finding


def _torch(found: Card) -> Finding:
    """PyTorch must be built for a CUDA that the driver can run."""
    built = torch_cuda()
    if built is None:
        cure = "install PyPI's own torch, which carries CUDA: pip install --force-reinstall -c constraints.txt torch"
        return Finding(check="torch", state="wrong", found="missing, or built without CUDA", cure=cure)
    if built[0] > found.cuda[0]:
        cure = f"update the driver: CUDA {built[0]} wants R580 or newer" if built[0] >= 13 else "update the driver"
        text = f"built for CUDA {built[0]}.{built[1]}, the driver runs up to {found.cuda[0]}.{found.cuda[1]}"
        return Finding(check="torch", state="wrong", found=text, cure=cure)
    return Finding(check="torch", state="right", found=f"built for CUDA {built[0]}.{built[1]}")


def torch_cuda() -> tuple[int, int] | None:
    """CUDA version that the installed torch was built for, read from its version file: importing it takes seconds."""
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.origin:
        return None
    text = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    built = _TORCH_CUDA.search(text)
    return (int(built[1]), int(built[2])) if built else None


def _cublas() -> Finding:
    """CTranslate2 loads cuBLAS 12 by itself, at the first encode: too late to find it missing."""
    if _has("nvidia-cublas-cu12") or "libcublas.so.12" in _loader_cache():
        return Finding(check="cuBLAS 12", state="right", found="found")
    cure = "pip install -r services/asr/requirements-gpu.txt (CUDA 13's does not do for CTranslate2)"
    return Finding(check="cuBLAS 12", state="wrong", found="not found", cure=cure)


def _loader_cache() -> str:
    """What the system's loader knows; empty where it cannot be asked."""
    try:
        return _run("ldconfig", "-p")
    except NoCard:
        return ""


def _onnxruntime() -> Finding:
    if _has("onnxruntime-gpu"):
        return Finding(check="onnxruntime-gpu", state="right", found=importlib.metadata.version("onnxruntime-gpu"))
    cure = "pip uninstall onnxruntime, then pip install -r services/faceswap/requirements-gpu.txt: the two share one folder"
    return Finding(
        check="onnxruntime-gpu", state="wrong", found="not installed: the swap would run on the CPU", cure=cure
    )


def _has(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
