"""A private folder on a RAM disk: what is in it never touches a disk and is gone with the power, or with us."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.errors import ConfigError

PREFIX = "mirror-"
_RAM_FILE_SYSTEMS = {"tmpfs", "ramfs"}


def ram_disk() -> Path:
    """Where private folders go: MIRROR_RUN_DIR if set (whatever it is: the caller knows), else /dev/shm.

    Raises:
        ConfigError: There is no RAM disk to be found; says what to set.
    """
    configured = os.environ.get("MIRROR_RUN_DIR")
    if configured:
        return Path(configured)
    for candidate in (Path("/dev/shm"), Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"))):
        if candidate.is_dir() and os.access(candidate, os.W_OK) and _file_system(candidate) in _RAM_FILE_SYSTEMS:
            return candidate
    raise ConfigError("no RAM disk: /dev/shm is missing or not writable; mount a tmpfs and name it in MIRROR_RUN_DIR")


def _file_system(path: Path) -> str:
    """Type of the file system that `path` lies on, from the longest mount point above it."""
    best = ("", "")
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, mount, kind, *_ = line.split(" ")
        if (path == Path(mount) or Path(mount) in path.parents) and len(mount) > len(best[0]):
            best = (mount, kind)
    return best[1]


@contextmanager
def private_folder(purpose: str) -> Iterator[Path]:
    """A folder only we can read (0700), removed with all its content at the end, however we end.

    Whoever is killed before that leaves a folder whose lock nobody holds: the next one to come removes it first.
    """
    root = ram_disk()
    sweep_abandoned(root)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-", dir=root))
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep_abandoned(root: Path) -> int:
    """Remove private folders whose owner is dead; returns how many."""
    swept = 0
    for folder in root.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.stat().st_uid == os.getuid() and _is_abandoned(folder):
                shutil.rmtree(folder)
                swept += 1
    return swept


def _is_abandoned(folder: Path) -> bool:
    try:
        lock = os.open(folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        # Between mkdtemp and the lock a living owner has no lock file yet; its folder is then empty.
        return any(folder.iterdir())
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
