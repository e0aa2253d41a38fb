"""The clocks: one that only goes forward for the show, one that is right for the receipts."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from rig.checks.ground import Ground
from shared.checkup import Finding

SOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
COARSEST_S = 0.001
DRIFT_S = 0.05
"""In a tenth of a second the two clocks must not part by this much."""


def clock(ground: Ground) -> Iterator[Finding]:
    """Steady and synchronised?"""
    del ground
    yield _steady()
    yield _synchronised()


def _steady() -> Finding:
    resolution_s = time.get_clock_info("monotonic").resolution
    monotonic, wall = time.monotonic(), time.time()
    time.sleep(0.1)
    drift_s = abs((time.monotonic() - monotonic) - (time.time() - wall))
    source = SOURCE.read_text(encoding="ascii").strip() if SOURCE.is_file() else "unknown source"
    cure = ""
    if resolution_s > COARSEST_S:
        cure = "too coarse to lay sound on: use a machine with a finer clock"
    elif drift_s > DRIFT_S:
        cure = "the wall clock jumps: under WSL2 run `wsl --shutdown` after the PC has slept; else look at the time service"
    return Finding(
        check="clock",
        state="wrong" if resolution_s > COARSEST_S else "missing" if cure else "right",
        found=f"{source}, steps of {resolution_s * 1e9:.0f} ns",
        cure=cure,
        figures={"resolution_ns": resolution_s * 1e9, "drift_ms": round(drift_s * 1000, 3)},
    )


def _synchronised() -> Finding:
    """By whatever keeps this machine's time, if anything can be asked."""
    for command, yes in (
        (("timedatectl", "show", "--property=NTPSynchronized", "--value"), "yes"),
        (("chronyc", "-n", "tracking"), "Normal"),
    ):
        if shutil.which(command[0]) and (said := _ask(command)) is not None:
            is_right = yes in said
            cure = (
                ""
                if is_right
                else "switch the time service on (timedatectl set-ntp true): receipts carry the wall clock"
            )
            found = f"synchronised ({command[0]})" if is_right else f"not synchronised ({command[0]})"
            return Finding(check="time service", state="right" if is_right else "missing", found=found, cure=cure)
    return Finding(check="time service", state="right", found="none here to ask; the show itself does not need it")


def _ask(command: tuple[str, ...]) -> str | None:
    """What a program says, or None if it cannot say anything."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=3, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
