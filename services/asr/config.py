"""Settings of asr: the section [asr] of config/mirror.toml."""

from typing import Annotated

import msgspec

from services.asr.ear import EarSettings
from services.asr.endpointing import PATIENCE, Patience
from services.asr.senses import DETECTORS, TURN_JUDGES
from services.asr.vad import VadSettings
from shared.engines import EngineChoice
from shared.errors import ConfigError

Probability = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=60.0)]


class AsrConfig(EngineChoice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the mirror listens."""

    engine: str = "moonshine"
    detector: str = "silero"
    """silero, or loudness (no model: for tests)."""
    turn_judge: str = "smart_turn"
    """smart_turn, or timer (no model: every turn ends by its longest silence)."""
    speech_on: Probability = 0.5
    speech_on_while_mirror_speaks: Probability = 0.7
    speech_off: Probability = 0.35
    quietest_dbfs: float = -65.0
    min_speech_s: Seconds = 0.2
    max_turn_s: Annotated[float, msgspec.Meta(ge=4.0, le=30.0)] = 20.0
    join_within_s: Seconds = 1.0
    partial_first_s: Seconds = 0.35
    partial_step_s: Seconds = 0.45
    """0: no partials."""
    partial_engine: str = ""
    """Who hears the partials, on a thread of its own; empty: the engine, whenever it has nothing better to do."""
    patience_s: dict[str, tuple[Seconds, Seconds]] = msgspec.field(default_factory=dict)
    """Shortest and longest silence after which a turn ends, by kind of answer; what is not named keeps its default."""

    def ear(self) -> EarSettings:
        """The part the ear needs. Raises ConfigError for values that contradict each other."""
        return EarSettings(
            vad=VadSettings(
                on=self.speech_on,
                on_while_mirror_speaks=self.speech_on_while_mirror_speaks,
                off=self.speech_off,
                quietest_dbfs=self.quietest_dbfs,
            ),
            min_speech_s=self.min_speech_s,
            max_turn_s=self.max_turn_s,
            join_within_s=self.join_within_s,
            patience={**PATIENCE, **{kind: self._patience(kind) for kind in self.patience_s}},
            partial_first_s=self.partial_first_s,
            partial_step_s=self.partial_step_s,
        )

    def check(self) -> None:
        """Raises ConfigError for names that do not exist and values that contradict each other."""
        if self.detector not in DETECTORS:
            raise ConfigError(f"[asr] detector {self.detector!r} is unknown; there are {', '.join(DETECTORS)}")
        if self.turn_judge not in TURN_JUDGES:
            raise ConfigError(f"[asr] turn_judge {self.turn_judge!r} is unknown; there are {', '.join(TURN_JUDGES)}")
        if self.speech_off > self.speech_on:
            raise ConfigError(f"[asr] speech_off {self.speech_off} is above speech_on {self.speech_on}; it must not be")
        self.ear()

    def partials(self) -> EngineChoice | None:
        """The engine of the partials, if they have one of their own."""
        if not self.partial_engine or self.partial_step_s == 0:
            return None
        return EngineChoice(engine=self.partial_engine, options=self.options)

    def _patience(self, kind: str) -> Patience:
        shortest, longest = self.patience_s[kind]
        if kind not in PATIENCE:
            raise ConfigError(f"[asr.patience_s] {kind!r} is no kind of answer; there are {', '.join(PATIENCE)}")
        if not shortest < longest:
            raise ConfigError(f"[asr.patience_s] {kind}: the first ({shortest}) must be below the second ({longest})")
        return Patience(shortest, longest)
