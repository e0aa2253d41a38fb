"""The stage: opens the engines and gives each visit a worker."""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.asr.config import AsrConfig
from services.asr.inference import open_inference
from services.asr.visit import HearingWorker
from shared.config import section
from shared.stage import Health, Stage, Visit, VisitWorker


class AsrStage:
    """Hears visitors."""

    name: ClassVar[str] = "asr"
    reads: ClassVar[Sequence[str]] = ("microphone",)

    def __init__(self, config: AsrConfig) -> None:
        config.check()
        self._ear = config.ear()
        self._inference = open_inference(config)

    async def warm_up(self) -> Health:
        """Load every model and run each once."""
        await self._inference.warm_up()
        return self.health()

    def health(self) -> Health:
        """Of the transcriber; a VAD or turn model that is missing ends `warm_up` already."""
        return self._inference.health()

    def open_visit(self, visit: Visit) -> VisitWorker:
        """A worker for one more visitor."""
        return HearingWorker(visit, self._ear, self._inference)

    async def close(self) -> None:
        """Let go of all models."""
        self._inference.close()


def open_stage(settings: dict[str, Any]) -> Stage:
    """The stage as configured. Raises ConfigError, or EngineUnavailable if a package is missing."""
    return AsrStage(section(settings, "asr", AsrConfig))
