"""A wall clock that jumps by an hour at each signal, forward and back; the monotonic clock, which times a visit, stays."""

import os
import subprocess
import sys
import time
from pathlib import Path

from rig.chaos.jumping import HOUR_S, JumpingClock
from rig.service import ROOT

PROGRAM = """
import os, signal, time
from shared.clock import HostClock
wall, host = time.time(), HostClock().now()
os.kill(os.getpid(), signal.SIGUSR1)
print(round((time.time() - wall) / 3600), round((HostClock().now() - host) / 3600))
"""


def test_it_jumps_forward_and_back_again() -> None:
    clock = JumpingClock()
    began = time.time()
    clock.jump()
    assert began + HOUR_S <= clock.now() < began + HOUR_S + 60
    assert clock.now_ns() >= (began + HOUR_S) * 1_000_000_000
    clock.jump()
    assert began <= clock.now() < began + 60


def test_a_process_that_was_started_with_it_has_it_in_place_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(PROGRAM)
    paths = os.pathsep.join((str(ROOT), str(tmp_path)))
    done = subprocess.run(
        [sys.executable, "-m", "rig.chaos.jumping", "told"],
        env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["1", "0"]
