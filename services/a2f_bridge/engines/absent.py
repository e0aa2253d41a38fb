"""The place of an engine that cannot be opened: `fallback` goes on with its other, and says why."""

from collections.abc import Callable

from services.a2f_bridge.face_animator import FaceAnimator, Utterance
from services.a2f_bridge.performer import Performer
from shared.errors import EngineUnavailable
from shared.stage import Health


class Absent:
    """A FaceAnimator that is not there."""

    lookahead_s = 0.0
    performer: Performer | None = None

    def __init__(self, name: str, error: EngineUnavailable) -> None:
        self.name, self._error = name, error

    async def warm_up(self) -> Health:
        """See FaceAnimator."""
        raise self._error

    def health(self) -> Health:
        """See FaceAnimator."""
        return Health(engine=self.name, is_degraded=True, last_error=str(self._error))

    def open_utterance(self, after: Utterance | None = None) -> Utterance:
        """See FaceAnimator."""
        raise self._error

    async def close(self) -> None:
        """See FaceAnimator."""


def opened_or_absent(name: str, others: Callable[[str], FaceAnimator]) -> FaceAnimator:
    """The engine of that name, or its empty place. A wrong setting still raises ConfigError."""
    try:
        return others(name)
    except EngineUnavailable as error:
        return Absent(name, error)
