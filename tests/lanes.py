"""Every test, in three lanes at once. `make test` runs this.

What needs real time comes first and is given it: whole visits on real engines in one lane, all other visits and the pages in a
second. Everything else has low priority, so that no visit is late because a matrix is being tested; it begins in a third lane, and
takes the second as well once that is free. Exit code: 1 if anything is red. What the later lanes printed stands below the first's.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import IO, NamedTuple

from rig.children import die_with_parent
from rig.niceness import be_nice_as_group

REAL_TIME = "visit or web"
REAL_TIME_FOLDERS = ("tests/pipeline", "tests/web")
"""`tests/conftest.py` sees to it that no such test lies elsewhere: importing all others would take the visits' time."""

ON_REAL_ENGINES = (
    "tests/pipeline/test_kills.py", "tests/pipeline/test_rig_engines.py", "tests/web/test_whole_visit.py",
)  # fmt: skip
"""Each takes most of a core: beside each other, or beside the other visits in another order, they would be late."""

LATER = ("tests/a2f_bridge", "tests/asr", "tests/contracts", "tests/faceswap", "tests/tts")
"""Less than half of the work of all tests that need no real time: those that load engines."""

NICENESS = 10


class Run(NamedTuple):
    """One pytest."""

    what: str
    arguments: tuple[str, ...]
    niceness: int = 0


def _without(paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"--ignore={path}" for path in paths)


LANES = (
    (Run("whole visits on real engines", ("-m", REAL_TIME, *ON_REAL_ENGINES)),),
    (
        Run("other visits, and pages", ("-m", REAL_TIME, *REAL_TIME_FOLDERS, *_without(ON_REAL_ENGINES))),
        Run(f"of the rest, {', '.join(LATER)}", ("-m", f"not ({REAL_TIME})", *LATER), NICENESS),
    ),
    (Run("all the rest", ("-m", f"not ({REAL_TIME})", *_without(LATER)), NICENESS),),
)


class Lane:
    """Runs one after another; what they print is kept, but for that of the first lane."""

    def __init__(self, runs: Sequence[Run], printed: IO[str] | None) -> None:
        self._waiting = list(runs)
        self._printed = printed
        self._process: subprocess.Popen[str] | None = None
        self.is_over = False
        self.is_red = False

    def go_on(self) -> None:
        """Begin the next run if the last is over."""
        if self._process is not None and self._process.poll() is None:
            return
        self.is_red = self.is_red or (self._process is not None and self._process.returncode != 0)
        self.is_over = not self._waiting
        if self.is_over:
            return
        run = self._waiting.pop(0)
        print(f"{run.what}:", file=self._printed, flush=True)
        self._process = subprocess.Popen(
            ["nice", "-n", str(run.niceness), sys.executable, "-m", "pytest", "-q", *run.arguments],
            stdout=self._printed, stderr=subprocess.STDOUT if self._printed else None, text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"} if run.niceness else None,
            # A group of its own, so that its niceness counts against the visits' services too.
            start_new_session=run.niceness > 0, preexec_fn=die_with_parent if run.niceness else None,
        )  # fmt: skip
        asyncio.run(be_nice_as_group(self._process.pid, run.niceness))

    def tell(self) -> None:
        """Print what was kept."""
        if self._printed is not None:
            self._printed.seek(0)
            sys.stdout.write("\n" + self._printed.read())

    def end(self) -> None:
        """At once, if it still goes on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def main() -> int:
    with tempfile.TemporaryFile("w+") as second, tempfile.TemporaryFile("w+") as third:
        lanes = [Lane(runs, printed) for runs, printed in zip(LANES, (None, second, third), strict=True)]
        try:
            while not all(lane.is_over for lane in lanes):
                time.sleep(0.2)
                for lane in lanes:
                    lane.go_on()
        finally:
            for lane in lanes:
                lane.end()
        for lane in lanes:
            lane.tell()
    return 1 if any(lane.is_red for lane in lanes) else 0


if __name__ == "__main__":
    sys.exit(main())
