"""What a figure was taken on: the machine in words that let another one be compared, and nothing that names it."""

import importlib.metadata
import os
import platform
import re
import socket
from pathlib import Path
from typing import Any

import msgspec

from rig.checks.gpu import NoCard, read_card

LIBRARIES = (
    "numpy", "onnxruntime", "onnxruntime-gpu", "torch", "ctranslate2", "faster-whisper", "moonshine-voice", "piper-tts",
    "f5-tts", "google-genai", "httpx", "grpcio", "opencv-python-headless", "insightface", "av", "redis",
)  # fmt: skip
"""Whose versions move figures; only those that are installed are told."""
_PATH = re.compile(r"(?<![\w:/.])(?:/[\w.+@-]+){2,}")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """One machine at one moment. No host name, no path, no serial number."""

    cpu: str
    cores: int
    """That we may use."""
    memory_gb: float
    gpu: str = ""
    """Name and memory; empty: none."""
    driver: str = ""
    system: str
    python: str
    libraries: dict[str, str]
    load: float
    """Processes that wanted a core when we began; above 0.5 somebody else was at work."""

    @property
    def label(self) -> str:
        """For file names: `cpu`, or the card."""
        words = re.sub(r"nvidia|geforce", "", self.gpu.partition(",")[0].lower())
        return re.sub(r"[^a-z0-9]+", "-", words).strip("-") or "cpu"


def this_machine() -> Machine:
    """As it is now."""
    try:
        card = read_card()
        gpu, driver = f"{card.name}, {card.total_gb:.0f} GB", card.driver
    except NoCard:
        gpu = driver = ""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        gpu=gpu,
        driver=driver,
        system=_system(),
        python=platform.python_version(),
        libraries={name: version for name in LIBRARIES if (version := _version(name))},
        load=round(os.getloadavg()[0], 2),
    )


def anonymous(value: Any) -> Any:
    """The same, with every absolute path cut to its last part and the host's name taken out of every text."""
    if isinstance(value, str):
        host = socket.gethostname()
        text = value.replace(host, "this machine") if len(host) > 3 else value
        return _PATH.sub(lambda found: found[0].rpartition("/")[2], text)
    if isinstance(value, dict):
        return {key: anonymous(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [anonymous(inner) for inner in value]
    return value


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return " ".join(value.split())
    return platform.machine()


def _system() -> str:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        name = platform.system()
    return f"{name}, WSL2" if "microsoft" in platform.release().lower() else name


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
