"""Embedded: Piper's packaged voice "joe" (CC0), and the same voice shaped toward the visitor. English only.

Not a clone, and not called one: a voice that leans toward yours. Piper is GPL-3.0 and stays within this engine.
"""

from collections.abc import Callable, Generator, Iterator
from importlib.metadata import version

import msgspec
import numpy as np
import soxr
from numpy.typing import NDArray

from services.tts.engines.keeping import packed, unpacked
from services.tts.engines.likeness import FORM, Likeness, likeness, rounded, widened
from services.tts.engines.piper_net import HOP, PIPER_HZ, PiperNet
from services.tts.engines.pitch import frames_of, pitch_of_stock, pitch_of_visitor
from services.tts.engines.shaped_speech import ShapedSpeech
from services.tts.engines.voice_print import VoicePrint, take_print
from services.tts.engines.world import Floats, envelope_of
from services.tts.loudness import gain_to_target
from services.tts.speakable import clean
from services.tts.steps import drained
from services.tts.synthesizer import HOST, SELF, About, Synthesizer, Voice, VoiceSample
from shared.audio import MICROPHONE_HZ, VOICE_HZ
from shared.errors import EngineFailed

_LANGUAGES = ("en",)

_PATTERN = (
    "The mirror keeps a quiet version of everything you say.",
    "Tell me what you see when you look at my face.",
    "Would you choose the same road if you could begin again?",
)
"""What the stock voice is like is learned from these. Together they hold nearly every English phoneme."""

_GREETING = _PATTERN[1]
"""Said once at the start: how loud the stock voice is. Of the three the nearest to what all three say, 0.1 dB."""

_CALIBRATION = "Tell me what you see."
"""Said once in a new voice, to bring it to the loudness of all others."""

_MISMATCH = 1.9
"""A sample so many times longer or shorter than its words take has other words."""

_FASTEST = 30.0
"""Letters a second nobody speaks."""

_STEP_FRAMES = 120
"""Latent frames the stock voice speaks in one step, 1.4 s: a tenth of a second of work."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set."""

    host_slowness: float = 1.12
    """The host speaks calmly: so much slower than the voice was trained."""
    copy_slowness: float = 1.0
    strength: float = 0.7
    """How far each sound is drawn toward the visitor's own, 0..1. Above 0.8 words begin to blur."""
    noise: float = 0.667
    duration_noise: float = 0.8
    first_block_s: float = 0.26
    """Sound in the first block: what a visitor waits for."""
    block_s: float = 0.8
    """Sound in each later block: longer costs less in all, shorter lets waiting speech go between sooner."""


class Kept(msgspec.Struct, frozen=True):
    """A copy's voice, for a process that comes later."""

    gain: float
    likeness: Likeness


class PiperVoiceHandle:
    """The stock voice, or (with a likeness) the copy's."""

    def __init__(self, name: str, gain: float, shape: Likeness | None = None) -> None:
        self.name = name
        self.gain = gain
        self.likeness = shape
        self.is_forgotten = False


class Piper:
    """A Synthesizer. See its port."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._about = About(name="piper", languages=_LANGUAGES, is_deterministic=True, version=version("piper-tts"))
        self._net: PiperNet | None = None
        self._stock: VoicePrint | None = None
        self._host: PiperVoiceHandle | None = None

    def about(self) -> About:
        """See Synthesizer."""
        return self._about

    def warm_up(self) -> None:
        """See Synthesizer."""
        self._net = PiperNet(self._options.noise, self._options.duration_noise)
        samples, _ = drained(self._said(_GREETING))
        self._host = PiperVoiceHandle(HOST, gain_to_target(_at_voice_hz(samples)))

    @property
    def host(self) -> Voice:
        """See Synthesizer."""
        if self._host is None:
            raise EngineFailed("piper: not warmed up")
        return self._host

    def prepare(self) -> Generator[None, None, None]:
        """See Synthesizer. What the stock voice is like: the copy starts from it."""
        yield from self._print_of_stock()

    def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
        """See Synthesizer."""
        stock = yield from self._print_of_stock()
        samples = soxr.resample(np.nan_to_num(sample.samples).astype(np.float64), MICROPHONE_HZ, PIPER_HZ)
        pitch = pitch_of_visitor(samples)
        yield
        visitor = _print_of(samples, pitch)
        yield
        same_words = yield from self._same_words(sample.text, len(samples))
        voice = PiperVoiceHandle(SELF, 1.0, (yield from likeness(stock, visitor, same_words, self._options.strength)))
        spoken: list[Floats] = []
        for block in self._blocks(_CALIBRATION, voice):
            spoken.append(block)
            yield
        voice.gain = gain_to_target(_at_voice_hz(np.concatenate(spoken)))
        return voice

    def keep(self, voice: Voice) -> bytes:
        """See Synthesizer."""
        if not isinstance(voice, PiperVoiceHandle) or voice.likeness is None:
            return b""
        return packed(self._author, Kept(gain=voice.gain, likeness=rounded(voice.likeness)))

    def restore(self, kept: bytes) -> Voice:
        """See Synthesizer."""
        voice = unpacked(self._author, kept, Kept)
        return PiperVoiceHandle(SELF, voice.gain, widened(voice.likeness))

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        """See Synthesizer."""
        if language not in _LANGUAGES:
            raise EngineFailed(
                f"piper: the packaged voice speaks {', '.join(_LANGUAGES)}, not {language}; choose another [tts] engine"
            )
        if not isinstance(voice, PiperVoiceHandle) or voice.is_forgotten:
            raise EngineFailed("piper: this voice is forgotten, or another engine's")
        return self._at_24_khz(text, voice)

    def forget(self, voice: Voice) -> None:
        """See Synthesizer."""
        if isinstance(voice, PiperVoiceHandle) and voice is not self._host:
            voice.is_forgotten = True
            voice.likeness = None

    def close(self) -> None:
        """See Synthesizer."""
        self._net = None

    @property
    def _author(self) -> str:
        return f"piper {self._about.version}, {FORM}"

    def _at_24_khz(self, text: str, voice: PiperVoiceHandle) -> Iterator[NDArray[np.float32]]:
        resampler = soxr.ResampleStream(PIPER_HZ, VOICE_HZ, 1, dtype="float32")
        for block in self._blocks(text, voice):
            yield resampler.resample_chunk((block * voice.gain).astype(np.float32))
        yield resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)

    def _blocks(self, text: str, voice: PiperVoiceHandle) -> Iterator[Floats]:
        """At PIPER_HZ, before the voice's gain."""
        net, options = self._loaded(), self._options
        shape = voice.likeness
        for track in net.tracks(text, options.host_slowness if shape is None else options.copy_slowness):
            if shape is not None:
                yield from ShapedSpeech(net, track, shape).stretches(options.first_block_s, options.block_s)
                continue
            start, step = 0, int(options.first_block_s * PIPER_HZ / HOP)
            while start < track.frames:
                end = min(start + step, track.frames)
                yield net.sound(track, start, end).astype(np.float64)
                start, step = end, int(options.block_s * PIPER_HZ / HOP)

    def _print_of_stock(self) -> Generator[None, None, VoicePrint]:
        if self._stock is None:
            samples, pitch = yield from self._stock_saying(" ".join(_PATTERN))
            self._stock = _print_of(samples, pitch)
            yield
        return self._stock

    def _same_words(self, text: str, n_samples: int) -> Generator[None, None, VoicePrint | None]:
        """The stock voice saying the sample's words; None where these can hardly be its words, which took `n_samples`."""
        text = clean(text)
        if not text or len(text) > _FASTEST * n_samples / PIPER_HZ:
            return None
        said, pitch = yield from self._stock_saying(text)
        if not 1.0 / _MISMATCH < len(said) / n_samples < _MISMATCH:
            return None
        same_words = _print_of(said, pitch)
        yield
        return same_words

    def _stock_saying(self, text: str) -> Generator[None, None, tuple[Floats, Floats]]:
        """The stock voice and its pitch, in steps of a sentence."""
        samples, meant = yield from self._said(text)
        log_pitch = self._stock.log_pitch if self._stock else None
        return samples, pitch_of_stock(samples, frames_of(meant), log_pitch)

    def _said(self, text: str) -> Generator[None, None, tuple[Floats, NDArray[np.bool_]]]:
        """The stock voice, and where it is meant to be voiced."""
        net = self._loaded()
        said: list[Floats] = []
        flags: list[NDArray[np.bool_]] = []
        for track in net.tracks(text, 1.0):
            for start in range(0, track.frames, _STEP_FRAMES):
                said.append(net.sound(track, start, min(start + _STEP_FRAMES, track.frames)).astype(np.float64))
                yield
            flags.append(np.repeat(track.is_voiced, HOP))
        if not said:
            raise EngineFailed("piper: there are no words to say")
        return np.concatenate(said), np.concatenate(flags)

    def _loaded(self) -> PiperNet:
        if self._net is None:
            raise EngineFailed("piper: not warmed up, or closed")
        return self._net


def _print_of(samples: Floats, pitch: Floats) -> VoicePrint:
    found = take_print(pitch, envelope_of(samples, pitch))
    if found is None:
        raise EngineFailed("piper: hardly any voice in the sample")
    return found


def _at_voice_hz(samples: Floats) -> NDArray[np.float32]:
    return np.asarray(soxr.resample(samples, PIPER_HZ, VOICE_HZ), dtype=np.float32)


def open_engine(options: Options, others: Callable[[str], Synthesizer]) -> Synthesizer:
    """The engine."""
    del others
    return Piper(options)
