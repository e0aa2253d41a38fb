"""What a container's health check reads: the last heartbeat that reached Redis.

A service that is warm leaves each in the file named by MIRROR_HEALTH_FILE, on the container's own RAM disk. So nobody who asks
needs Redis' password, a port or a package: `health.sh` reads it.
"""

import contextlib
import os
import time
from pathlib import Path

import msgspec

from shared.events import Heartbeat


def note(beat: Heartbeat) -> None:
    """Keep a heartbeat for whoever asks. Does nothing where MIRROR_HEALTH_FILE is not set.

    Two lines: the heartbeat as JSON, in this machine's own time wherever the house's clock is; and the whole seconds since
    the machine was started, as /proc/uptime counts them, which a shell can compare.
    """
    if not (name := os.environ.get("MIRROR_HEALTH_FILE")):
        return
    own_at = time.monotonic()
    started_at = own_at - (beat.at - beat.started_at)
    text = msgspec.json.encode(msgspec.structs.replace(beat, at=own_at, started_at=started_at))
    path = Path(name)
    part = path.with_name(f"{path.name}.part")  # whoever reads finds a whole one
    with contextlib.suppress(OSError):  # no room: the file grows old, and that says it
        part.write_bytes(text + b"\n%d\n" % time.clock_gettime(time.CLOCK_BOOTTIME))
        part.replace(path)


def restart_count() -> int:
    """How often this service was started again after it had ended by itself: MIRROR_RESTARTS, by who keeps it running."""
    count = os.environ.get("MIRROR_RESTARTS", "")
    return int(count) if count.isdecimal() else 0
