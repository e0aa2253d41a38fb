"""A wall clock that jumps: `python -m rig.chaos.jumping services.tts` sets the process' own by an hour at each SIGUSR1, forward and back.

The host's clock is everybody's, and a time namespace has no wall clock and is fixed when a process enters it. So it is Python's that
jumps, in this process alone: whoever of ours asks `time` gets the jump; the monotonic clock stays.
"""

import runpy
import signal
import sys
import time
from types import FrameType

HOUR_S = 3600


class JumpingClock:
    """Python's wall clock, set forward and back in turn."""

    def __init__(self) -> None:
        self.ahead_s = 0
        self._time, self._time_ns = time.time, time.time_ns

    def now(self) -> float:
        """In place of `time.time`."""
        return self._time() + self.ahead_s

    def now_ns(self) -> int:
        """In place of `time.time_ns`."""
        return self._time_ns() + self.ahead_s * 1_000_000_000

    def jump(self, number: int = 0, frame: FrameType | None = None) -> None:
        """The signal's handler."""
        del number, frame
        self.ahead_s = HOUR_S - self.ahead_s


if __name__ == "__main__":
    clock = JumpingClock()
    vars(time).update(time=clock.now, time_ns=clock.now_ns)
    signal.signal(signal.SIGUSR1, clock.jump)
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
