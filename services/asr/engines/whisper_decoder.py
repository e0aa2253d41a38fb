"""Sound to words by one encode and one search, with the parts of faster-whisper but without its way for long recordings.

Its `transcribe` is made for films: windows of 30 s, timestamps, a ladder of temperatures that can take six times as long,
and a search for the next window. An utterance is one window, its end is known, and what comes after it is silence:
docs/adr/0023 has what each of the differences below gains.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens
from numpy.typing import NDArray

from services.asr.invented import compression
from services.asr.partials import loops
from services.asr.transcriber import Pcm
from shared.audio import MICROPHONE_HZ

WINDOW_S = 30.0
"""What Whisper was trained on: the sound, and silence up to this length."""

HOP = 160
FRAMES_A_SECOND = MICROPHONE_HZ // HOP
MOST_TOKENS = 224
"""Of an answer: half of what a Whisper can hold. CTranslate2 halves whatever `max_length` it is given, so twice the limit is said."""

SEARCH_CUT_S = 5.0
"""A sound longer than a window is cut where it is quietest within so many seconds before the window's end."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How to search."""

    beam: int
    silence_s: float
    """Silence behind the sound, up to `WINDOW_S` altogether."""
    tokens_per_second: float
    spare_tokens: int
    no_speech_above: float
    least_log_p: float
    most_compression: float


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One search's best."""

    text: str
    log_p: float
    """Mean natural logarithm of its tokens' probabilities, end included."""
    no_speech: float
    """Probability that nobody speaks, 0..1."""
    is_cut: bool = False
    """It came to the limit of tokens and not to an end."""


class Decoder:
    """Around one loaded model. Not for two threads at a time."""

    def __init__(self, model: WhisperModel, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        # Asked of the weights: a preprocessor_config.json that is missing would give 80 bands to a model of 128.
        self._features = type(model.feature_extractor)(feature_size=model.model.n_mels)
        self._tokenizers: dict[str, tuple[Tokenizer, list[int]]] = {}

    def decode(self, pcm: Pcm, language: str) -> Found:
        """The words in `pcm`, shape (n,), n >= 1, 16 kHz, of any length. Raises what CTranslate2 raises."""
        found = [self._decode_window(part, language) for part in _windows(pcm)]
        return Found(
            text=" ".join(one.text for one in found if one.text),
            log_p=min(one.log_p for one in found),
            no_speech=min(one.no_speech for one in found),
        )

    def _decode_window(self, pcm: Pcm, language: str) -> Found:
        """In doubt once more: with all the silence that the model knows, and then without repeating any three tokens."""
        seconds = pcm.size / MICROPHONE_HZ
        for silence_s in dict.fromkeys((min(self._settings.silence_s, WINDOW_S - seconds), WINDOW_S - seconds)):
            encoded = self._model.encode(self._spectrogram(pcm, silence_s))
            found = self._search(encoded, seconds, language)
            if self._is_silence(found):
                return msgspec.structs.replace(found, text="")
            if not self._is_doubtful(found):
                return found
        if found.is_cut or compression(found.text) > self._settings.most_compression:
            found = self._search(encoded, seconds, language, no_repeat_ngram_size=3)
        return found

    def _is_silence(self, found: Found) -> bool:
        """Whisper's own rule."""
        return found.no_speech > self._settings.no_speech_above and found.log_p < self._settings.least_log_p

    def _is_doubtful(self, found: Found) -> bool:
        return (
            found.is_cut
            or found.log_p < self._settings.least_log_p
            or compression(found.text) > self._settings.most_compression
            or loops(found.text)
        )

    def _spectrogram(self, pcm: Pcm, silence_s: float) -> NDArray[np.float32]:
        """Log-mel of the sound and `silence_s` of digital silence, shape (bands, an even number of frames)."""
        sound = self._features(np.pad(pcm, (0, 2 * HOP)))
        frames = min(round(WINDOW_S) * FRAMES_A_SECOND, -(-pcm.size // HOP) + round(silence_s * FRAMES_A_SECOND))
        frames += frames % 2
        # What digital silence comes to: 8 below the loudest, and not below 1e-10, in the scale (log10 + 4) / 4.
        floor = max(float(sound.max()) - 2.0, -1.5)
        rest = max(0, frames - sound.shape[1])
        return np.ascontiguousarray(np.pad(sound, ((0, 0), (0, rest)), constant_values=floor)[:, :frames], np.float32)

    def _search(self, encoded: Any, seconds: float, language: str, **more: int) -> Found:
        tokenizer, suppressed = self._tokenizer(language)
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        settings = self._settings
        limit = min(MOST_TOKENS, round(seconds * settings.tokens_per_second) + settings.spare_tokens)
        result = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=settings.beam,
            max_length=2 * limit,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=suppressed,
            **more,
        )[0]
        tokens = result.sequences_ids[0]
        return Found(
            text=tokenizer.decode(tokens).strip(),
            # The score is the mean over the tokens; their end counts too.
            log_p=result.scores[0] * len(tokens) / (len(tokens) + 1),
            no_speech=result.no_speech_prob,
            is_cut=len(tokens) >= limit,
        )

    def _tokenizer(self, language: str) -> tuple[Tokenizer, list[int]]:
        """For one language, with the tokens it must not say (brackets, notes, tags); 2 ms, so made once."""
        if language not in self._tokenizers:
            model = self._model
            made = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)
            self._tokenizers[language] = (made, get_suppressed_tokens(made, [-1]))
        return self._tokenizers[language]


def _windows(pcm: Pcm) -> Iterator[Pcm]:
    """`pcm` in parts of at most `WINDOW_S`, cut where it is quietest."""
    window, search, grain = (int(seconds * MICROPHONE_HZ) for seconds in (WINDOW_S, SEARCH_CUT_S, 0.1))
    while pcm.size > window:
        tail = pcm[window - search : window].reshape(-1, grain)
        at = window - search + grain * int(np.square(tail).sum(axis=1).argmin()) + grain // 2
        yield pcm[:at]
        pcm = pcm[at:]
    yield pcm
