"""A check that never comes back, and leaves a child that would not either."""

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from shared.checkup import Finding


def run_checkup(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    progress(0.1, "asking")
    with subprocess.Popen(["sleep", "600"]) as child:
        yield Finding(check="llm child", state="right", found=str(child.pid))
        time.sleep(600)
