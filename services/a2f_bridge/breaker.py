"""Whether a peer is worth asking, and when to look for it again. Pure."""


class Breaker:
    """Opens after failures in a row; while it is open nobody waits for the peer but the one who looks for it."""

    def __init__(self, limit: int = 3, first_s: float = 2.0, longest_s: float = 30.0) -> None:
        self._limit, self._first_s, self._longest_s = limit, first_s, longest_s
        self._in_a_row = 0
        self._looks = 0
        self.is_open = False
        self.trouble = ""
        """What went wrong last; empty while all is well."""

    def succeed(self) -> None:
        """The peer did what it should."""
        self._in_a_row = self._looks = 0
        self.is_open, self.trouble = False, ""

    def fail(self, why: str) -> None:
        """It did not."""
        self._in_a_row += 1
        self.trouble = why
        self.is_open = self.is_open or self._in_a_row >= self._limit

    def trip(self, why: str) -> None:
        """It is not there at all: open at once."""
        self.trouble, self.is_open = why, True

    def pause_s(self) -> float:
        """How long until the next look: each time twice as long, up to the longest."""
        pause = min(self._longest_s, self._first_s * 2.0 ** min(self._looks, 32))
        self._looks += 1
        return pause
