"""The two models that listen beside the transcriber: which there are, and what they do."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from services.asr.silero import SileroModel
from services.asr.smart_turn import SmartTurn
from services.asr.transcriber import Pcm
from services.asr.vad import FRAME


class VoiceDetector(Protocol):
    """Listens to one microphone."""

    def probability(self, frame: Pcm) -> float:
        """Probability of speech in the next 512 samples, shape (512,), -1..1, 16 kHz. Well under a millisecond."""
        ...


class VoiceModel(Protocol):
    """Makes detectors."""

    def open_stream(self) -> VoiceDetector:
        """A detector for one microphone."""
        ...


class TurnJudge(Protocol):
    """Knows when somebody is done speaking."""

    def p_complete(self, turn: Pcm) -> float:
        """Probability that the turn is complete, from its sound, shape (n,), with the silence after it. Blocks."""
        ...


class LoudnessModel:
    """A detector without weights: whatever is loud is speech. For tests and for rooms that are truly quiet."""

    def open_stream(self) -> "LoudnessModel":
        """Itself: it remembers nothing."""
        return self

    def probability(self, frame: Pcm) -> float:
        """0.5 at -45 dBFS, 1 from -35, 0 to -55."""
        power = float(np.mean(np.square(frame), dtype=np.float64)) + 1e-12
        return float(np.clip((10.0 * np.log10(power) + 55.0) / 20.0, 0.0, 1.0))


class TimerOnly:
    """No turn model: every turn ends by its longest silence."""

    def p_complete(self, turn: Pcm) -> float:
        """Never sure."""
        del turn
        return 0.0


DETECTORS: dict[str, Callable[[], VoiceModel]] = {"silero": SileroModel, "loudness": LoudnessModel}
TURN_JUDGES: dict[str, Callable[[], TurnJudge]] = {"smart_turn": SmartTurn, "timer": TimerOnly}

WARM_UP = np.zeros(FRAME, np.float32)
"""One silent frame, to run a model once before it is needed."""
