"""`mirror doctor`: is this machine ready for the embedded mirror? Every check says what it found and what to do."""

import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from rig.console import print_json, progress_bar, say, table_of
from rig.demo import find_chromium
from rig.manifest import of_profile, read_manifest
from rig.models import check
from rig.options import DEFAULT_PORT, STAGES
from rig.ram_disk import ram_disk
from rig.redis_server import find_server
from shared.checkup import Finding
from shared.errors import MirrorError

RAM_DISK_MB = 512
"""A visit's append-only file grows by about 2 MB a second before it is rewritten."""
OLDEST_PYTHON = (3, 11)


def run_doctor(*, as_json: bool) -> int:
    """All checks; returns 1 if the mirror cannot run here."""
    findings = []
    with progress_bar("looking") as progress:
        for number, one in enumerate(CHECKS):
            progress(one.__name__.strip("_"), number / len(CHECKS))
            findings += list(one())
    if as_json:
        print_json({"findings": findings})
    else:
        table_of([msgspec.to_builtins(finding) for finding in findings], ["check", "state", "found", "cure"])
    wrong = [finding for finding in findings if finding.state == "wrong"]
    say("the embedded mirror can run here" if not wrong else f"{len(wrong)} things keep the mirror from running")
    return 1 if wrong else 0


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    is_right = sys.version_info >= OLDEST_PYTHON
    yield Finding(
        check="Python", state="right" if is_right else "wrong", found=version, cure="" if is_right else "install 3.11"
    )


def _cores() -> Iterator[Finding]:
    count = len(os.sched_getaffinity(0))
    yield Finding(
        check="processor cores",
        state="right" if count >= 2 else "missing",
        found=str(count),
        cure="" if count >= 2 else "the picture will stutter below 2",
    )


def _packages() -> Iterator[Finding]:
    for stage, package in (
        ("asr", "moonshine_voice"),
        ("asr", "onnxruntime"),
        ("tts", "piper"),
        ("faceswap", "cv2"),
        ("session", "fastapi"),
    ):
        is_there = importlib.util.find_spec(package) is not None
        yield Finding(
            check=f"package {package} ({stage})",
            state="right" if is_there else "wrong",
            found="installed" if is_there else "not installed",
            cure="" if is_there else "make install",
        )


def _models() -> Iterator[Finding]:
    for found in check(of_profile(read_manifest(), "embedded")):
        is_right = found.state == "right"
        yield Finding(
            check=f"model {found.name}", state="right" if is_right else "wrong", found=found.state, cure=found.detail
        )


def _redis() -> Iterator[Finding]:
    try:
        binary, version = find_server()
    except MirrorError as error:
        yield Finding(check="Redis", state="wrong", found="none", cure=str(error))
    else:
        yield Finding(check="Redis", state="right", found=f"{binary.name} {version}")


def _ram_disk() -> Iterator[Finding]:
    try:
        place = ram_disk()
    except MirrorError as error:
        yield Finding(check="RAM disk", state="wrong", found="none", cure=str(error))
        return
    free_mb = shutil.disk_usage(place).free // 1_000_000
    is_enough = free_mb >= RAM_DISK_MB
    cure = "" if is_enough else f"make {RAM_DISK_MB} MB of room in {place}"
    yield Finding(
        check="RAM disk", state="right" if is_enough else "wrong", found=f"{place}, {free_mb} MB free", cure=cure
    )


def _browser() -> Iterator[Finding]:
    try:
        yield Finding(check="Chromium", state="right", found=find_chromium())
    except MirrorError as error:
        yield Finding(check="Chromium", state="missing", found="none", cure=str(error))


def _ports() -> Iterator[Finding]:
    for name, kind, port in (("pages", socket.SOCK_STREAM, DEFAULT_PORT), ("Live Link", socket.SOCK_DGRAM, 11111)):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                cure = "stop what has it, or run `mirror demo --port 0`"
                yield Finding(check=f"port {port} ({name})", state="missing", found=str(error.strerror), cure=cure)
            else:
                yield Finding(check=f"port {port} ({name})", state="right", found="free")


def _services() -> Iterator[Finding]:
    root = Path(__file__).resolve().parent.parent / "services"
    for stage in STAGES:
        is_there = (root / stage / "__main__.py").is_file()
        if not is_there:
            yield Finding(check=f"service {stage}", state="wrong", found="not here", cure="the checkout is incomplete")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python, _cores, _packages, _models, _redis, _ram_disk, _browser, _ports, _services,
)  # fmt: skip
