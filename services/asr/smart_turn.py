"""Smart Turn v3.2 through onnxruntime: how probably a turn is complete, from its sound.

The features are Whisper's log-mel ones, of the last 8 s with the silence in front. The model was shown whole turns: with only
the last stretch after a pause, clause ends look like turn ends (0.91 to 0.98).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.asr.onnx import open_session
from services.asr.transcriber import Pcm
from shared.errors import EngineFailed

MODEL = "smart-turn-v3.2-cpu.onnx"

WINDOW = 8 * 16_000
N_FFT, HOP, N_MELS, N_FRAMES = 400, 160, 80, 800


class SmartTurn:
    """The turn model. Blocks some 45 ms; one call at a time."""

    name = "smart_turn"

    def __init__(self) -> None:
        self._session = open_session(MODEL)

    def p_complete(self, turn: Pcm) -> float:
        """Probability that the speaker is done.

        Args:
            turn: The whole turn with at least 0.19 s of silence after the last word, shape (n,), -1..1, 16 kHz.

        Raises:
            EngineFailed: The runtime refused.
        """
        try:
            answer = self._session.run(None, {"input_features": features(turn)[None]})
        except Exception as error:  # onnxruntime raises kinds of its own that share no base
            raise EngineFailed(f"asr: smart turn failed: {error}") from error
        # Despite its name, the output `logits` has gone through the sigmoid already.
        return float(np.asarray(answer[0]).reshape(-1)[0])


def features(turn: Pcm) -> NDArray[np.float32]:
    """Log-mel energies of the last 8 s of `turn`, shape (80, 800), float32, about -1..1.

    Source: Whisper's front end (Radford et al. 2022, section 2.2): 25 ms Hann window, 10 ms hop, Slaney mel scale.
    """
    tail = turn[-WINDOW:].astype(np.float32)
    padded = np.concatenate([np.zeros(WINDOW - tail.size, np.float32), tail])
    padded = (padded - padded.mean()) / np.sqrt(padded.var() + 1e-7)
    centred = np.pad(padded, N_FFT // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(centred, N_FFT)[::HOP][:N_FRAMES]
    filters, hann = _tables()
    power = np.square(np.abs(np.fft.rfft(windows * hann, axis=1))).astype(np.float32)
    log = np.log10(np.maximum(filters @ power.T, 1e-10))
    scaled: NDArray[np.float32] = ((np.maximum(log, log.max() - 8.0) + 4.0) / 4.0).astype(np.float32)
    return scaled


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mel filters, shape (80, 201), and the Hann window, shape (400,)."""
    edges = _mel_to_hz(np.linspace(0.0, 15.0 + 27.0 * np.log(8.0) / np.log(6.4), N_MELS + 2))
    bins = np.arange(N_FFT // 2 + 1) * 16_000 / N_FFT
    low, mid, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.clip(np.minimum((bins - low) / (mid - low), (high - bins) / (high - mid)), 0.0, None)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    return (triangles * 2.0 / (high - low)).astype(np.float32), hann.astype(np.float32)


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's scale: linear to 1 kHz, logarithmic above."""
    curve: NDArray[np.float64] = np.where(
        mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0)
    )
    return curve
