"""The port, by F5."""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from services.tts.engines.f5.graphs import Graphs, bucketed, cuda_capture
from services.tts.engines.f5.guards import check_sound
from services.tts.engines.f5.host import host_sample
from services.tts.engines.f5.loading import Loaded, load
from services.tts.engines.f5.mel import BANDS
from services.tts.engines.f5.options import Options
from services.tts.engines.f5.pacing import pieces, seconds_for
from services.tts.engines.f5.reference import FindWordEnds, reference, seed_of
from services.tts.engines.f5.speech import Speech
from services.tts.engines.f5.spelling import spelled
from services.tts.engines.f5.velocity import LONGEST, Network, Velocity
from services.tts.engines.f5.voice import F5Voice
from services.tts.engines.keeping import packed, unpacked
from services.tts.loudness import Edges, Samples, gain_to_target, silence
from services.tts.steps import drained
from services.tts.synthesizer import HOST, SELF, About, Synthesizer, Voice, VoiceSample
from shared.audio import VOICE_HZ
from shared.errors import ConfigError, EngineFailed, EngineUnavailable
from shared.lost_context import engine_failed

LOG = logging.getLogger(__name__)

_CALIBRATION = "Tell me what you see when you look at my face."
"""Said once in a new voice: proves that it speaks, and tells how loud."""

_BREATH_MS = 120
"""Between two pieces of one clause, cut where a speaker breathes."""

_BLOCK = VOICE_HZ * 2 // 5
"""Samples in a block: a clause is there at once, and is let out in pieces of 0.4 s."""


class Kept(msgspec.Struct, frozen=True):
    """A copy's voice, for a process that comes later: its print, and how loud it is let out."""

    frames: NDArray[np.float32]
    text: str
    pace: float
    seed: int
    gain: float


class F5:
    """A Synthesizer. See its port."""

    def __init__(
        self,
        options: Options,
        others: Callable[[str], Synthesizer],
        open_model: Callable[[Options], Loaded] = load,
    ) -> None:
        self._options = options
        self._others = others
        self._open_model = open_model
        self._loaded: Loaded | None = None
        self._speech: Speech | None = None
        self._graphs: Graphs | None = None
        self._find: FindWordEnds | None = None
        self._host: F5Voice | None = None
        self._device: str = options.device
        self._version = ""
        self._slowness = 0.0
        """Seconds of work for a second of speech, measured at the start; 0 before."""

    def about(self) -> About:
        """See Synthesizer. Degraded where it is slower than it speaks, or a graph was refused."""
        trouble = self._trouble()
        return About(
            name="f5",
            languages=self._options.languages,
            is_deterministic=True,
            device=self._device,
            version=self._version,
            is_degraded=bool(trouble),
            last_error=trouble,
        )

    def warm_up(self) -> None:
        """See Synthesizer."""
        loaded = self._open_model(self._options)
        network = loaded.network
        self._device, self._version = _device_name(network), loaded.name
        try:
            speech = Speech(loaded, self._velocity(network), self._options.steps)
            self._loaded, self._speech = loaded, speech
            self._find = _ruler() if self._options.read_along and self._options.languages[0] == "en" else None
            self._host = drained(self._voice(HOST, host_sample(self._options, self._others), self._options.host_pace))
            self._slowness = self._measured(self._host, on_cpu=network.device.type == "cpu")
        except (EngineFailed, RuntimeError) as error:  # RuntimeError: torch's own, out of memory included
            raise EngineUnavailable(f"f5: loaded, but it cannot speak: {error}") from error

    @property
    def host(self) -> Voice:
        """See Synthesizer."""
        if self._host is None:
            raise EngineFailed("f5: not warmed up")
        return self._host

    def prepare(self) -> Generator[None, None, None]:
        """See Synthesizer. The network needs nothing more."""
        yield from ()

    def make_voice(self, sample: VoiceSample) -> Generator[None, None, Voice]:
        """See Synthesizer."""
        return (yield from self._voice(SELF, sample, self._options.copy_pace))

    def keep(self, voice: Voice) -> bytes:
        """See Synthesizer."""
        if not isinstance(voice, F5Voice) or voice.print is None:
            return b""
        heard = voice.print
        try:
            frames = heard.frames.cpu().numpy()
        except RuntimeError as error:  # a GPU whose context is lost: whoever speaks next finds that out, and says so
            LOG.warning("a voice cannot be kept", extra={"stage": "tts", "error": _first_line(error)})
            return b""
        return packed(self._author, Kept(frames, heard.text, heard.pace, heard.seed, voice.gain))

    def restore(self, kept: bytes) -> Voice:
        """See Synthesizer."""
        parts = unpacked(self._author, kept, Kept)
        if parts.frames.ndim != 2 or parts.frames.shape[1] != BANDS or not len(parts.frames):
            raise EngineFailed("f5: what was kept of the voice is no spectrogram")
        try:
            heard = self._loaded_speech().print_from(parts.frames.copy(), parts.text, parts.pace, parts.seed)
        except RuntimeError as error:
            raise engine_failed(f"f5: the voice cannot be restored: {_first_line(error)}", error) from error
        voice = F5Voice(SELF, heard, self._options.copy_pace)
        voice.gain = parts.gain
        return voice

    def synthesize(self, text: str, voice: Voice, language: str) -> Iterator[NDArray[np.float32]]:
        """See Synthesizer."""
        if language not in self._options.languages:
            raise EngineFailed(f"f5: these weights speak {', '.join(self._options.languages)}, not {language}")
        if not isinstance(voice, F5Voice):
            raise EngineFailed("f5: this voice is another engine's")
        voice.heard()
        return self._blocks(spelled(text, language), voice)

    def forget(self, voice: Voice) -> None:
        """See Synthesizer."""
        if isinstance(voice, F5Voice) and voice is not self._host:
            voice.forget()

    def close(self) -> None:
        """See Synthesizer."""
        has_gpu = self._loaded is not None and self._loaded.network.device.type == "cuda"
        self._loaded = self._speech = self._graphs = self._find = None
        if has_gpu:
            _give_back()

    @property
    def _author(self) -> str:
        return f"f5 {self._version}"

    def _voice(self, name: str, sample: VoiceSample, pace: float) -> Generator[None, None, F5Voice]:
        speech = self._loaded_speech()
        heard = yield from reference(sample, self._find, self._options.reference_s, self._options.languages[0])
        try:
            voice = F5Voice(name, speech.print_of(heard, seed_of(sample)), pace)
        except RuntimeError as error:
            raise engine_failed(f"f5: no voice could be made: {_first_line(error)}", error) from error
        said: list[Samples] = []
        for block in self._blocks(_CALIBRATION, voice):
            said.append(block)
            yield
        voice.gain = gain_to_target(np.concatenate(said))
        return voice

    def _blocks(self, text: str, voice: F5Voice) -> Iterator[NDArray[np.float32]]:
        """Empty between two steps of the network: whoever cancels there has the GPU back at once."""
        for number, piece in enumerate(pieces(text)):
            seconds = seconds_for(piece, voice.pace)
            sound = np.zeros(0, dtype=np.float32)
            for made in self._made(piece, seconds, voice):
                sound = made
                yield made[:0]
            sound = sound * np.float32(voice.gain)
            check_sound(sound, round(seconds * VOICE_HZ))
            edges = Edges()
            sound = np.concatenate([edges.push(sound), edges.finish()])
            if number:
                yield silence(_BREATH_MS)
            for start in range(0, len(sound), _BLOCK):
                yield sound[start : start + _BLOCK]

    def _made(self, piece: str, seconds: float, voice: F5Voice) -> Iterator[NDArray[np.float32]]:
        """As Speech.say; torch's exceptions become ours, and a voice that is forgotten falls silent."""
        speech = self._loaded_speech()
        try:
            for made in speech.say(piece, seconds, voice.heard()):
                voice.heard()
                yield made
        except torch.OutOfMemoryError as error:
            _give_back()
            raise EngineFailed("f5: the GPU is out of memory; give Unreal or the language model less of it") from error
        except RuntimeError as error:
            raise engine_failed(f"f5: the network failed: {_first_line(error)}", error) from error

    def _velocity(self, network: Network) -> Velocity:
        if network.device.type != "cuda" or not self._options.graphs:
            return network
        first, last = (bucketed(frames) for frames in self._options.graph_frames)
        self._graphs = Graphs(network, cuda_capture())
        done = sum(1 for _ in self._graphs.record(range(first, last + 1, bucketed(1))))
        LOG.info("graphs recorded", extra={"stage": "tts", "lengths": done, "refused": len(self._graphs.refused)})
        return self._graphs

    def _measured(self, voice: F5Voice, *, on_cpu: bool) -> float:
        # On the CPU its own work is counted, not what others on the same core do meanwhile.
        clock = time.thread_time if on_cpu else time.perf_counter
        began = clock()
        samples = sum(len(block) for block in self._blocks(_CALIBRATION, voice))
        return (clock() - began) / (samples / VOICE_HZ)

    def _trouble(self) -> str:
        if self._slowness > 1.0:
            return f"f5: on {self._device} a second of speech takes {self._slowness:.1f} s; it needs a GPU"
        if self._graphs is not None and self._graphs.refused:
            frames, fault = next(iter(self._graphs.refused.items()))
            return f"f5: {len(self._graphs.refused)} lengths run without a graph; at {frames} frames: {fault}"
        return ""

    def _loaded_speech(self) -> Speech:
        if self._speech is None:
            raise EngineFailed("f5: not warmed up, or closed")
        return self._speech


def _give_back() -> None:
    """Memory that torch keeps for itself; no effect without a GPU."""
    with suppress(RuntimeError):  # its context is lost
        torch.cuda.empty_cache()


def _first_line(error: BaseException) -> str:
    """Torch's go on for a page."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def _device_name(network: Network) -> str:
    half = "fp16" if network.dtype == torch.float16 else "fp32"
    name = torch.cuda.get_device_name(network.device) if network.device.type == "cuda" else "cpu"
    return f"{name} {half}"


def _ruler() -> FindWordEnds | None:
    """The stock voice reading along; without it samples are kept whole, which costs time, not words."""
    try:
        from services.tts.engines.f5.read_along import ReadAlong
        from services.tts.engines.piper_net import PiperNet
    except ImportError as error:
        LOG.warning(
            "samples are kept whole: nothing finds the ends of words", extra={"stage": "tts", "error": str(error)}
        )
        return None
    return ReadAlong(PiperNet(0.667, 0.8)).word_ends


def open_engine(options: Options, others: Callable[[str], Synthesizer]) -> Synthesizer:
    """The engine. Raises ConfigError."""
    shortest, longest = options.reference_s
    for is_right, rule in (
        (4 <= options.steps <= 128, "steps is 4 to 128; 7, 16 and 32 are known to speak well"),
        (options.guidance > 0.0, "guidance is above 0, 2 as it was tuned"),
        (bool(options.languages), "languages names at least one"),
        (1.5 <= shortest < longest <= 12.0, "reference_s is two lengths between 1.5 and 12 s, the shorter first"),
        (options.graph_frames[0] <= options.graph_frames[1] <= LONGEST, f"graph_frames rises, to at most {LONGEST}"),
        (options.cpu_threads >= 1, "cpu_threads is at least 1"),
    ):
        if not is_right:
            raise ConfigError(f"[tts.options.f5]: {rule}")
    return F5(options, others)
