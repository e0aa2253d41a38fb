"""Silero VAD v6 through onnxruntime: the probability that a frame of 32 ms holds speech; 0.13 ms a frame."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.asr.onnx import open_session
from services.asr.transcriber import Pcm

MODEL = "silero_vad.onnx"

_CONTEXT = 64
# The model wants the last 4 ms of the frame before in front of each frame.


class SileroModel:
    """The weights, shared by all visits of a process."""

    def __init__(self) -> None:
        self._session: Any = open_session(MODEL)

    def open_stream(self) -> "SileroVad":
        """A detector for one microphone."""
        return SileroVad(self._session)


class SileroVad:
    """Listens to one microphone, frame after frame."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._rate = np.array(16_000, np.int64)
        self._state: NDArray[np.float32] = np.zeros((2, 1, 128), np.float32)
        self._context: Pcm = np.zeros(_CONTEXT, np.float32)

    def probability(self, frame: Pcm) -> float:
        """Probability of speech in the next 512 samples, shape (512,), -1..1, 16 kHz."""
        sound = np.concatenate([self._context, frame])[None]
        answer, self._state = self._session.run(None, {"input": sound, "state": self._state, "sr": self._rate})
        self._context = frame[-_CONTEXT:]
        return float(np.asarray(answer).reshape(-1)[0])
