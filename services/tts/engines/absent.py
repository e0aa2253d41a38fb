"""The place of an engine that cannot be opened: `fallback` goes on without it."""

from collections.abc import Callable, Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from services.tts.synthesizer import About, Synthesizer, Voice, VoiceSample
from shared.errors import EngineFailed, EngineUnavailable


class Absent:
    """A Synthesizer that is not there."""

    def __init__(self, name: str, error: EngineUnavailable) -> None:
        self._name = name
        self._error = error

    def about(self) -> About:
        """See Synthesizer."""
        return About(
            name=self._name, languages=(), is_deterministic=True, is_degraded=True, last_error=str(self._error)
        )

    def warm_up(self) -> None:
        """See Synthesizer."""
        raise self._error

    @property
    def host(self) -> Voice:
        """See Synthesizer."""
        raise EngineFailed(str(self._error))

    def prepare(self) -> Generator[None, None, None]:
        """See Synthesizer."""
        yield from ()

    def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
        """See Synthesizer."""
        del sample
        raise EngineFailed(str(self._error))

    def keep(self, voice: Voice) -> bytes:
        """See Synthesizer."""
        del voice
        return b""

    def restore(self, kept: bytes) -> Voice:
        """See Synthesizer."""
        del kept
        raise EngineFailed(str(self._error))

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        """See Synthesizer."""
        del text, voice, language
        raise EngineFailed(str(self._error))

    def forget(self, voice: Voice) -> None:
        """See Synthesizer."""

    def close(self) -> None:
        """See Synthesizer."""


def opened_or_absent(name: str, opener: Callable[[str], Synthesizer]) -> Synthesizer:
    """The engine of that name, or its empty place. A wrong setting still raises ConfigError."""
    try:
        return opener(name)
    except EngineUnavailable as error:
        return Absent(name, error)
