"""What is wrong with the bus now: one line in the log when it begins, one when it is over."""

import logging

LOG = logging.getLogger(__name__)


class BusTrouble:
    """Of one process. Parts fail alone: on a full RAM disk reading goes on and writing does not."""

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}

    @property
    def now(self) -> str:
        """In plain words; empty if nothing is wrong."""
        return next(filter(None, self._parts.values()), "")

    def note(self, trouble: str, part: str) -> None:
        """How the last try of a part went; empty: well."""
        before = self.now
        self._parts[part] = trouble
        if self.now and _kind(self.now) != _kind(before):
            LOG.error("%s", self.now)
        elif before and not self.now:
            LOG.info("Redis is back")


def _kind(trouble: str) -> str:
    """A Redis that restarts is refused, unknown and reset in turn: one trouble, in one line of the log."""
    return trouble.partition(" (")[0]
