"""`python -m shared.health`: is the service in this container well? What HEALTHCHECK asks, every two seconds.

A service that is warm writes each heartbeat that reached Redis into the file named by MIRROR_HEALTH_FILE, on the container's own
RAM disk. So nobody who asks needs Redis' password, a port or a package: it is read with the standard library alone. What it
says is the heartbeat; `mirror stage ls` finds it in `docker inspect`.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever asks has the standard library alone
    from shared.events import Heartbeat

FRESH_S = 5.0
"""Ten beats. An older file: the service hangs, or its Redis is away."""

WELL = ("ready", "degraded", "standby")


def verdict(text: str, now: float) -> str:
    """What is wrong; empty if the service is well.

    Args:
        text: The file: a heartbeat as JSON, empty if there is none yet.
        now: This machine's own clock, seconds; so is the one in the file, wherever the house's clock is.
    """
    if not text:
        return "it has not started to beat"
    try:
        beat = json.loads(text)
        state, age_s = str(beat["state"]), now - float(beat["at"])
    except (ValueError, KeyError, TypeError):
        return "its heartbeat cannot be read"
    if age_s > FRESH_S:
        return f"no heartbeat has reached Redis for {age_s:.0f} s"
    return "" if state in WELL else f"it is {state}"


def note(beat: "Heartbeat") -> None:
    """Keep a heartbeat, as JSON, for whoever asks. Does nothing where MIRROR_HEALTH_FILE is not set."""
    if not (name := os.environ.get("MIRROR_HEALTH_FILE")):
        return
    import msgspec

    own_at = time.monotonic()
    started_at = own_at - (beat.at - beat.started_at)
    text = msgspec.json.encode(msgspec.structs.replace(beat, at=own_at, started_at=started_at))
    path = Path(name)
    part = path.with_name(f"{path.name}.part")  # whoever reads finds a whole one
    with contextlib.suppress(OSError):  # no room: the file grows old, and that says it
        part.write_bytes(text)
        part.replace(path)


def main() -> int:
    """Print the heartbeat; 1, with the reason, if the service is not well."""
    path = Path(os.environ.get("MIRROR_HEALTH_FILE", ""))
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    wrong = verdict(text, time.monotonic())
    sys.stdout.write(f"{text}\n" if text else "")
    sys.stderr.write(f"{wrong}\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
