"""Test-only: hums instead of speaking. A syllable a vowel; the copy hums at the pitch of its sample. No packages, deterministic."""

import re
from collections.abc import Callable, Generator, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.tts.engines.keeping import packed, unpacked
from services.tts.synthesizer import HOST, SELF, About, Synthesizer, Voice, VoiceSample
from shared.audio import MICROPHONE_HZ, VOICE_HZ
from shared.errors import EngineFailed

HOST_HZ = 220.0
_AMPLITUDE = 0.25
_VOWELS = re.compile(r"[aeiouy]+", re.IGNORECASE)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set."""

    languages: tuple[str, ...] = ("en", "nl")
    syllable_s: float = 0.16
    """Length of one hum; a tenth of it on either side is faded."""


class Kept(msgspec.Struct, frozen=True):
    """A copy's voice, for a process that comes later."""

    hertz: float


class Hum:
    """A voice: a pitch, until it is forgotten."""

    def __init__(self, name: str, hertz: float) -> None:
        self.name = name
        self.hertz: float | None = hertz


class Tone:
    """A Synthesizer that hums."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.host: Voice = Hum(HOST, HOST_HZ)

    def about(self) -> About:
        """See Synthesizer."""
        return About(name="tone", languages=self._options.languages, is_deterministic=True)

    def warm_up(self) -> None:
        """See Synthesizer."""

    def prepare(self) -> Generator[None, None, None]:
        """See Synthesizer."""
        yield from ()

    def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
        """See Synthesizer. The pitch is the sample's strongest frequency between 80 and 400 Hz."""
        yield
        if not len(sample.samples):
            raise EngineFailed("tone: the voice sample is empty")
        spectrum = np.abs(np.fft.rfft(sample.samples))
        hertz = np.fft.rfftfreq(len(sample.samples), 1.0 / MICROPHONE_HZ)
        band = (hertz > 80.0) & (hertz < 400.0)
        if not band.any() or spectrum[band].max() <= 0.0:
            raise EngineFailed("tone: nothing sounds in the voice sample")
        return Hum(SELF, float(hertz[band][np.argmax(spectrum[band])]))

    def keep(self, voice: Voice) -> bytes:
        """See Synthesizer."""
        return packed("tone", Kept(voice.hertz)) if isinstance(voice, Hum) and voice.hertz is not None else b""

    def restore(self, kept: bytes) -> Voice:
        """See Synthesizer."""
        return Hum(SELF, unpacked("tone", kept, Kept).hertz)

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        """See Synthesizer. One block a syllable."""
        if language not in self._options.languages:
            raise EngineFailed(f"tone: hums {', '.join(self._options.languages)}, not {language}")
        if not isinstance(voice, Hum) or voice.hertz is None:
            raise EngineFailed("tone: this voice is forgotten, or another engine's")
        return self._hums(len(_VOWELS.findall(text)) or 1, voice.hertz)

    def _hums(self, syllables: int, hertz: float) -> Iterator[NDArray[np.float32]]:
        n = int(self._options.syllable_s * VOICE_HZ)
        envelope = np.minimum(1.0, np.minimum(np.arange(n), np.arange(n)[::-1]) / max(1.0, n / 10.0))
        for syllable in range(syllables):
            phase = 2.0 * np.pi * hertz * (np.arange(n) + syllable * n) / VOICE_HZ
            yield (_AMPLITUDE * envelope * np.sin(phase)).astype(np.float32)

    def forget(self, voice: Voice) -> None:
        """See Synthesizer."""
        if isinstance(voice, Hum) and voice is not self.host:
            voice.hertz = None

    def close(self) -> None:
        """See Synthesizer."""


def open_engine(options: Options, others: Callable[[str], Synthesizer]) -> Synthesizer:
    """The engine."""
    del others
    return Tone(options)
