"""Child processes that cannot outlive us."""

import ctypes
import signal
import subprocess
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def die_with_parent() -> None:
    """For `preexec_fn`: the kernel sends this child SIGTERM when the thread that started it ends, even by kill -9.

    Start children from the main thread: the kernel watches the thread, not the process.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(process: "subprocess.Popen[bytes]", patience_s: float = 5.0) -> None:
    """Ask a process to end, and make it."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
