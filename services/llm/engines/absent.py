"""The place of an engine that cannot be opened: a pair goes on with its other, and says why."""

from collections.abc import AsyncGenerator, Callable

from services.llm.chat_model import About, ChatModel, Ended, Piece, Prompt
from shared.errors import EngineUnavailable


class Absent:
    """A ChatModel that is not there."""

    fallbacks = 0

    def __init__(self, name: str, error: EngineUnavailable) -> None:
        self._name, self._error = name, error

    @property
    def about(self) -> About:
        """See ChatModel."""
        return About(name=self._name, is_deterministic=True)

    @property
    def trouble(self) -> str:
        """See ChatModel."""
        return str(self._error)

    async def warm_up(self) -> None:
        """See ChatModel."""
        raise self._error

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """See ChatModel: nothing, for a reason that no further try changes."""
        del prompt
        yield Ended(ending="config", engine=self._name)

    async def close(self) -> None:
        """See ChatModel."""


def opened_or_absent(name: str, others: Callable[[str], ChatModel]) -> ChatModel:
    """The engine of that name, or its empty place. A wrong setting still raises ConfigError."""
    try:
        return others(name)
    except EngineUnavailable as error:
        return Absent(name, error)
