"""When to leave a failing engine alone. Pure: how long, and why; the waiting is its owner's."""

LONGEST_REST_S = 300.0
"""A peer that has been away for an hour is still tried this often: the gallery must not stay on its second choice all day."""


class Breaker:
    """Closed: the engine is asked. Open: it rests, until a probe of its owner succeeded."""

    def __init__(self, bad_turns: int, rest_s: float) -> None:
        self._most_bad_turns = bad_turns
        self._first_rest_s = rest_s
        self._bad_turns = 0
        self.why = ""
        """Why it is open; empty while it is closed."""
        self.rest_s = rest_s
        """How long to wait before the next probe, seconds."""

    @property
    def is_open(self) -> bool:
        """The engine is not to be asked for a visitor."""
        return bool(self.why)

    def good(self) -> None:
        """A turn, or a probe, went well."""
        self._bad_turns, self.why, self.rest_s = 0, "", self._first_rest_s

    def bad(self, why: str) -> None:
        """A turn went badly; after so many in a row the breaker opens."""
        self._bad_turns += 1
        if self._bad_turns >= self._most_bad_turns:
            row = f"{self._bad_turns} bad turns in a row, last: " if self._bad_turns > 1 else ""
            self.trip(f"{row}{why}")

    def trip(self, why: str, rest_s: float = 0.0) -> None:
        """Open at once: another try would fail as surely, or the server asked for `rest_s` of peace."""
        self.why, self._bad_turns = why, 0
        self.rest_s = min(LONGEST_REST_S, max(self._first_rest_s, rest_s))

    def probe_failed(self, why: str) -> None:
        """Still not well: rest twice as long before the next probe."""
        self.why = why
        self.rest_s = min(LONGEST_REST_S, self.rest_s * 2)
