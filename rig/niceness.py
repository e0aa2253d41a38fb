"""Which service goes first where there are too few cores."""

import asyncio
import logging
import os
from pathlib import Path

_LOG = logging.getLogger(__name__)

NICENESS = {"tts": 5, "llm": 1}
"""Where there are too few cores the picture goes first: a voice that is 30 ms late is not noticed, a late picture is.
With 8, a voice that had died did not catch up before the play's last line where other programs took both cores."""
_PROC = Path("/proc")
_TRIES = 20
_PAUSE_S = 0.12
"""The kernel lets others than root change one group every tenth of a second, in the whole system."""


def be_nice(niceness: int) -> None:
    """Let others go before this process. Of no use alone where the kernel groups processes by session: see `be_nice_as_group`."""
    os.nice(niceness)


async def be_nice_as_group(pid: int, niceness: int, proc: Path = _PROC) -> bool:
    """Let other sessions' processes go before those of this session, which `pid` leads; whether the kernel took it.

    Where the kernel groups processes by their session (autogroup, on by default on a desktop), niceness counts only inside
    a group, and every service has a session of its own.
    """
    try:
        is_grouping = int((proc / "sys/kernel/sched_autogroup_enabled").read_text()) != 0
    except (OSError, ValueError):
        return False
    if not is_grouping or niceness == 0:
        return False
    for _ in range(_TRIES):
        try:
            (proc / str(pid) / "autogroup").write_text(f"{niceness}\n")
        except BlockingIOError:
            await asyncio.sleep(_PAUSE_S)
        except OSError as error:
            _LOG.warning(
                "a service's group keeps the kernel's share of the processors", extra={"pid": pid, "reason": str(error)}
            )
            return False
        else:
            return True
    return False
