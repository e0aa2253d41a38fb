"""Times a Whisper of full size with random weights: the arithmetic is the same, so the times are; the words are not."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import ctranslate2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.asr.engines.cuda_libraries import preload
from services.asr.engines.faster_whisper import FasterWhisper, Options, chosen_compute_type
from services.asr.engines.whisper_decoder import FRAMES_A_SECOND, WINDOW_S
from services.asr.engines.whisper_shape import Size, shaped
from shared.errors import EngineUnavailable

SIZES = {
    "distil-large-v3.5": Size(encoder_layers=32, decoder_layers=2, heads=20, width=1280, bands=128),
    "large-v3-turbo": Size(encoder_layers=32, decoder_layers=4, heads=20, width=1280, bands=128),
    "small.en": Size(encoder_layers=12, decoder_layers=12, heads=12, width=768, bands=80),
    "tiny.en": Size(encoder_layers=4, decoder_layers=4, heads=6, width=384, bands=80),
}
VOCABULARY = 51_866
END, START, PLAIN = "<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>"
SPECIAL = (END, START, "<|nospeech|>", PLAIN)

TOKENS_A_SECOND = 4.0
"""What a calm English speaker says."""


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance, milliseconds."""

    speech_s: float
    encode_ms: float
    search_ms: float


def time_random(options: Options, lengths_s: Sequence[float], repeats: int) -> tuple[str, str, list[Timing]]:
    """Device, arithmetic and times of a model of that name's size; the first of each length is left out.

    Raises:
        EngineUnavailable: Its size is not known here, or it cannot be loaded.
    """
    if options.model not in SIZES:
        raise EngineUnavailable(f"asr: no size is known of {options.model!r}; there are {', '.join(SIZES)}")
    device = FasterWhisper(options).device
    if device == "cuda":
        preload()
    try:
        with tempfile.TemporaryDirectory(prefix="mirror-whisper-") as folder:
            _write(Path(folder), SIZES[options.model])
            model = ctranslate2.models.Whisper(
                folder,
                device=device,
                device_index=options.device_index,
                compute_type=chosen_compute_type(options, device),
                intra_threads=options.cpu_threads,
            )
        return device, model.compute_type, list(_times(model, options, lengths_s, repeats))
    except (RuntimeError, ValueError, OSError, MemoryError) as error:
        raise EngineUnavailable(f"asr: a random {options.model} does not run on {device}: {error}") from error


def _write(folder: Path, size: Size) -> None:
    block = np.random.default_rng(1).normal(scale=0.02, size=1_000_003).astype(np.float16)

    def fill(*shape: int) -> NDArray[np.float16]:
        return np.resize(block, shape)

    spec = shaped(size, VOCABULARY, fill)
    spec.register_vocabulary([f"t{i}" for i in range(VOCABULARY - len(SPECIAL))] + list(SPECIAL))
    spec.config.suppress_ids, spec.config.suppress_ids_begin, spec.config.lang_ids = [], [], []
    spec.config.alignment_heads = [[0, 0]]
    spec.validate()
    spec.optimize()
    spec.save(str(folder))


def _times(
    model: ctranslate2.models.Whisper, options: Options, lengths_s: Sequence[float], repeats: int
) -> Iterator[Timing]:
    ids = {token: VOCABULARY - len(SPECIAL) + i for i, token in enumerate(SPECIAL)}
    silence_s = FasterWhisper(options).silence_s
    for seconds in lengths_s:
        frames = 2 * round(min(WINDOW_S, seconds + silence_s) * FRAMES_A_SECOND / 2)
        features = np.zeros((1, model.n_mels, frames), np.float32)
        for repeat in range(repeats + 1):
            began = time.perf_counter()
            # On the CPU what it gives is there; on a GPU it is waited for by asking for it here.
            encoded = model.encode(ctranslate2.StorageView.from_array(features), to_cpu=True)
            between = time.perf_counter()
            model.generate(
                encoded,
                [[ids[START], ids[PLAIN]]],
                beam_size=options.beam,
                max_length=2 * round(seconds * TOKENS_A_SECOND),
                suppress_blank=False,
                suppress_tokens=[ids[END]],  # so that it says exactly as much as is allowed
                return_scores=True,
                return_no_speech_prob=True,
            )
            if repeat:
                ended = time.perf_counter()
                yield Timing(speech_s=seconds, encode_ms=1000 * (between - began), search_ms=1000 * (ended - between))
