"""The session's host clock as a kiosk learns it: by quick questions and answers over the socket. Pure."""

from statistics import median

from shared.kiosk_wire import Ping, Pong

REMEMBERED = 21
"""Answers whose median counts: one that was held up on the way changes nothing."""
QUICK = 10
QUICK_S, STEADY_S = 0.1, 1.5


class HostTime:
    """How far the host's clock is from ours. Times are seconds."""

    def __init__(self) -> None:
        self.offset = 0.0
        """Host clock less ours."""
        self._offsets: list[float] = []
        self._asked = 0

    def ask(self, now: float) -> tuple[Ping, float]:
        """A question, and how long to wait before the next: the first ten quickly, then now and then."""
        self._asked += 1
        return Ping(sent=now), QUICK_S if self._asked <= QUICK else STEADY_S

    def learn(self, pong: Pong, now: float) -> None:
        """An answer, arrived at `now` of our clock: it was given half way."""
        self._offsets = [*self._offsets, pong.host - (pong.sent + now) / 2][-REMEMBERED:]
        self.offset = median(self._offsets)
