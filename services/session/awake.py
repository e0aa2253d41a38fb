"""Keeps the processors awake while somebody is at a mirror, through the kernel's own interface for it (PM QoS).

A processor that has gone to sleep between two events takes 0.05 to 0.2 ms to wake, and an answer wakes one a dozen times.
Source: the kernel's power/pm_qos_interface: the wish holds for as long as the file is open.
"""

import contextlib
import logging
import struct
from collections.abc import Iterator
from pathlib import Path

LOG = logging.getLogger(__name__)

DEVICE = Path("/dev/cpu_dma_latency")


@contextlib.contextmanager
def awake(wake_us: int, device: Path = DEVICE) -> Iterator[None]:
    """No processor sleeps deeper than it can wake within `wake_us` microseconds; 0: none sleeps; below 0: as the kernel likes.

    Who may not ask for it is told in the log, and goes on without.
    """
    if wake_us < 0:
        yield
        return
    with contextlib.ExitStack() as held:  # r+: a device that is not there must not come to be as a file
        try:
            held.enter_context(device.open("r+b", buffering=0)).write(struct.pack("=i", wake_us))
        except OSError as error:
            LOG.info("processors may sleep between events: %s; docs/latency-budget.md", error.strerror)
        yield
