"""The machine itself: Python, processor, memory, disks, Redis, browser, and whether the checkout is whole."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from rig.checks.ground import Ground
from rig.demo import find_chromium
from rig.options import STAGES
from rig.ram_disk import ram_disk
from rig.redis_server import find_server
from rig.service import ROOT
from shared.checkup import Finding
from shared.errors import MirrorError
from shared.models import models_dir

OLDEST_PYTHON = (3, 11)
RAM_DISK_MB = 512
"""A visit's append-only file grows by about 2 MB a second before it is rewritten."""
MEMORY_GB = 3.0
"""Free for the embedded mirror: six services, Redis, a browser."""
MEMORY_WITH_CARD_GB = 12.0
"""With engines on a card: each loads its weights through the main memory (F5 alone 2.3 GB)."""
DISK_GB = 2.0
"""Free where the models lie; what is still to be fetched comes on top and is checked by the pull."""


def python(ground: Ground) -> Iterator[Finding]:
    """The interpreter."""
    del ground
    version = ".".join(map(str, sys.version_info[:3]))
    is_right = sys.version_info >= OLDEST_PYTHON
    cure = "" if is_right else "make clean, then make install PYTHON=python3.11"
    yield Finding(check="Python", state="right" if is_right else "wrong", found=version, cure=cure)


def processor(ground: Ground) -> Iterator[Finding]:
    """Cores this process may use, and what already runs on them."""
    count = len(os.sched_getaffinity(0))
    enough = 8 if ground.needs_card() else 2
    load = os.getloadavg()[0]
    cure = "" if count >= enough else f"below {enough} cores the picture stutters; give it more"
    if not cure and load > count:
        cure = "something else is at work: close it before the doors open"
    yield Finding(
        check="processor",
        state="missing" if cure else "right",
        found=f"{count} cores, load {load:.1f}",
        cure=cure,
        figures={"cores": float(count), "load": load},
    )


def memory(ground: Ground) -> Iterator[Finding]:
    """Main memory that programs can still have."""
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    total, free = (int(lines[name].split()[0]) / 1e6 for name in ("MemTotal", "MemAvailable"))
    needed = MEMORY_WITH_CARD_GB if ground.needs_card() else MEMORY_GB
    cure = (
        ""
        if free >= needed
        else f"{needed:.0f} GB should be free: close programs, or under WSL2 raise `memory` in .wslconfig"
    )
    yield Finding(
        check="memory",
        state="missing" if cure else "right",
        found=f"{free:.1f} of {total:.1f} GB free",
        cure=cure,
        figures={"free_gb": round(free, 2), "total_gb": round(total, 2)},
    )


def disk(ground: Ground) -> Iterator[Finding]:
    """Where the models lie."""
    del ground
    place = next(path for path in (models_dir(), *models_dir().parents) if path.exists())
    free = shutil.disk_usage(place).free / 1e9
    cure = "" if free >= DISK_GB else f"make {DISK_GB:.0f} GB of room, or put the models elsewhere with MIRROR_MODELS"
    yield Finding(
        check="disk", state="missing" if cure else "right", found=f"{free:.1f} GB free for models", cure=cure,
        figures={"free_gb": round(free, 2)},
    )  # fmt: skip


def visits_memory(ground: Ground) -> Iterator[Finding]:
    """The RAM disk on which a visit lies until it is forgotten."""
    del ground
    try:
        place = ram_disk()
    except MirrorError as error:
        yield Finding(check="RAM disk", state="wrong", found="none", cure=str(error))
        return
    free_mb = shutil.disk_usage(place).free // 1_000_000
    cure = "" if free_mb >= RAM_DISK_MB else f"make {RAM_DISK_MB} MB of room in {place}"
    yield Finding(
        check="RAM disk", state="wrong" if cure else "right", found=f"{place}, {free_mb} MB free", cure=cure,
        figures={"free_mb": float(free_mb)},
    )  # fmt: skip


def redis(ground: Ground) -> Iterator[Finding]:
    """A Redis server to start."""
    del ground
    try:
        binary, version = find_server()
    except MirrorError as error:
        yield Finding(check="Redis", state="wrong", found="none", cure=str(error))
    else:
        yield Finding(check="Redis", state="right", found=f"{binary.name} {version}")


def browser(ground: Ground) -> Iterator[Finding]:
    """A browser for the glass; it may also be another machine's."""
    del ground
    try:
        yield Finding(check="Chromium", state="right", found=find_chromium())
    except MirrorError as error:
        yield Finding(check="Chromium", state="missing", found="none", cure=str(error))


def checkout(ground: Ground) -> Iterator[Finding]:
    """Every service is there."""
    del ground
    gone = [stage for stage in STAGES if not (ROOT / "services" / stage / "__main__.py").is_file()]
    if gone:
        yield Finding(check="checkout", state="wrong", found=f"no {', '.join(gone)}", cure="fetch the repository anew")
