"""Ctrl-C, SIGTERM and a closed terminal end what we run in order, so that nothing is left behind."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")

STOPPED = 130
"""Exit code of a command that was stopped."""


async def stopping_cleanly(work: Coroutine[object, object, T]) -> T:
    """Run `work`; a signal cancels it, and what it holds is let go of.

    Raises:
        SystemExit: With code 130, after a signal.
    """
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await asyncio.wait({task})
    if task.cancelled():
        raise SystemExit(STOPPED)
    return task.result()
