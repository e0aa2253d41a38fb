"""A transcriber that answers with its name, or fails as it is told to."""

import threading

from services.asr.transcriber import Pcm, Transcription
from shared.errors import EngineUnavailable


class FakeEngine:
    """See the module."""

    device, version, fallbacks, trouble = "cpu", "1", 0, ""

    def __init__(self, name: str, languages: tuple[str, ...] = ("en",)) -> None:
        self.name = name
        self.languages = languages
        self.failure: Exception | None = None
        self.is_away = False
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = self.warmed = self.closed = 0

    def warm_up(self) -> None:
        self.warmed += 1
        if self.is_away:
            raise EngineUnavailable(f"{self.name} is away")

    def transcribe(self, pcm: Pcm, language: str, utterance: int = 0) -> Transcription:
        self.asked += 1
        assert self.may_answer.wait(20)
        if self.failure:
            raise self.failure
        return Transcription(text=f"said by {self.name}", engine=self.name)

    def close(self) -> None:
        self.closed += 1
