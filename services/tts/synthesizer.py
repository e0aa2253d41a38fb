"""The port: a model that speaks.

An engine is used by one thread at a time, and every piece of its work is short: `synthesize` yields blocks as they are
made, and `make_voice` yields between its steps, so that speech a visitor waits for goes before anything else. Exceptions
an engine cannot name become `EngineFailed` at its edge.
"""

from collections.abc import Generator, Iterator
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

HOST = "host"
"""The mirror's own voice, before the copy wakes and when there is no copy."""

SELF = "self"
"""The voice made of the visitor."""


class VoiceSample(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the visitor's speech to make a voice of."""

    samples: NDArray[np.float32]
    """Mono, 16 kHz, -1..1, shape (n,): 5 to 9 s of speech, pauses shortened."""
    text: str
    """What is said in it, as understood: may have wrong words; empty if it is not known."""


class Voice(Protocol):
    """A voice an engine can speak in. What it holds is the engine's affair; for a visitor it is biometric."""

    @property
    def name(self) -> str:
        """HOST or SELF."""
        ...


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine says of itself, now."""

    name: str
    languages: tuple[str, ...]
    """Languages it can be understood in, e.g. ("en",); asked for another, it refuses rather than babble."""
    is_deterministic: bool
    """The same words in the same voice give the same samples, in another process too."""
    device: str = "cpu"
    version: str = ""
    is_degraded: bool = False
    """It speaks, but not as configured (see `fallback`)."""
    fallbacks: int = 0
    """How often another engine stepped in."""
    last_error: str = ""


class Synthesizer(Protocol):
    """Turns words into sound."""

    def about(self) -> About:
        """What it is and how it fares. Cheap, any thread, also before `warm_up`."""
        ...

    def warm_up(self) -> None:
        """Load everything and speak once. Raises EngineUnavailable."""
        ...

    @property
    def host(self) -> Voice:
        """The stock voice; after `warm_up`."""
        ...

    def prepare(self) -> Generator[None, None, None]:
        """Do, in such steps as `make_voice` does, what the first voice needs and speaking does not. Nothing, if it is done.

        Raises:
            EngineFailed: It cannot be done; `make_voice` would fail too.
        """
        ...

    def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
        """Make a voice like the sample's. Yields between steps of at most a few hundred milliseconds; returns the voice.

        Raises:
            EngineFailed: Nothing can be made of this sample.
        """
        ...

    def keep(self, voice: Voice) -> bytes:
        """A visitor's voice for another process: `restore` takes a hundredth of what making it took. Biometric.

        Empty if it cannot be kept: then it is made again.
        """
        ...

    def restore(self, kept: bytes) -> Voice:
        """The voice that was kept; it gives the same samples.

        Raises:
            EngineFailed: These bytes are not from this engine in this version, or damaged.
        """
        ...

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        """Speak one clause.

        Args:
            text: Words as `speakable.clean` leaves them, not empty.
            voice: `host`, or what `make_voice` returned.
            language: Two letters; one of `about().languages`.

        Yields:
            Blocks of float32 mono at 24 kHz, -1..1, shape (n,), one after another without a gap; the first as early as
            can be. May begin and end with silence. A block may be empty: a model that needs several looks before it has any
            sound yields between them, so that it can be stopped there.

        Raises:
            EngineFailed: This text cannot be spoken, or this language is not one of the engine's.
        """
        ...

    def forget(self, voice: Voice) -> None:
        """Drop all that is kept of a visitor's voice; it cannot be spoken in any more. Twice does no harm."""
        ...

    def close(self) -> None:
        """Let go of the model. Twice does no harm."""
        ...
