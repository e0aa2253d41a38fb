"""One service as a process that is kept running: started, restarted when it dies, stopped in order."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rig.children import die_with_parent
from rig.niceness import be_nice, be_nice_as_group
from shared.errors import EngineUnavailable

ROOT = Path(__file__).resolve().parent.parent
"""The repository: services are started there, so that paths in the settings mean the same everywhere."""

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 5.0
HEALTHY_AFTER_S = 10.0
"""Who lived this long and dies starts again at once: a crash, not a loop."""
STOP_PATIENCE_S = 5.0
_LOG_PREFIX = re.compile(r"^\S+ \S+ [A-Z]+ [\w.]+ ")


class Service:
    """A process `python -m <command>`: a module, or a launcher and its module."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, *, niceness: int = 0
    ) -> None:
        self.name = name
        self.command = tuple(command)
        self.log = log
        self._niceness = niceness
        self.restarts = 0
        self.ready = asyncio.Event()
        """Set for good by who watches the heartbeats; before it, an end by itself is an error, not a crash."""
        self._environment = dict(environment)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Process id, 0 while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else 0

    async def keep(self) -> None:
        """Run it, and run it again when it dies, until cancelled; then stop it.

        Raises:
            EngineUnavailable: It ended by itself before it had ever been ready; with its last words.
        """
        pause_s = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        try:
            while True:
                born = loop.time()
                code = await self._run_once()
                if code >= 0 and not self.ready.is_set():
                    raise EngineUnavailable(f"{self.name} ended before it was ready: {self.last_words()}")
                pause_s = FIRST_PAUSE_S if loop.time() - born > HEALTHY_AFTER_S else pause_s
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                self.restarts += 1
        finally:
            await self._stop()

    async def _run_once(self) -> int:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *self.command,
                cwd=ROOT,
                env={**self._environment, "MIRROR_RESTARTS": str(self.restarts)},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we stop them in order
                preexec_fn=self._in_the_child,
            )
        await be_nice_as_group(self._process.pid, self._niceness)
        return await self._process.wait()

    def _in_the_child(self) -> None:
        die_with_parent()
        be_nice(self._niceness)

    async def _stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_PATIENCE_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End it at once, as a crash would; it will be restarted."""
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; if that ends it, it will be restarted."""
        if self.pid:
            os.kill(self.pid, number)

    def last_words(self) -> str:
        """The last line it logged, without the time and place that stand before it."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        lines = text.strip().splitlines()
        return _LOG_PREFIX.sub("", lines[-1]) if lines else "it said nothing"
