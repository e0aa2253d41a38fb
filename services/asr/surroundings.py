"""What the play told us, by the time it holds from, so that sound heard again after a restart meets the same scene. Pure."""

from bisect import bisect_right

from services.asr.ear import Scene
from shared.events import AnyEvent, CaptureVoice, EpochAdvanced, MirrorSpeaking, SceneEntered


class Surroundings:
    """The control events that matter to the ear. Told twice is told once: newer times only."""

    def __init__(self, language: str, expects: str = "open") -> None:
        self.epoch = 0
        self.capture: CaptureVoice | None = None
        """The newest order to gather a voice sample, or to stop."""
        self._speaking: list[tuple[float, bool]] = []
        self._scenes: list[tuple[float, str, str]] = [(float("-inf"), expects, language)]

    def tell(self, event: AnyEvent) -> None:
        """Note a control event; all others are ignored."""
        match event:
            case EpochAdvanced():
                self.epoch = max(self.epoch, event.epoch)
            case MirrorSpeaking() if not self._speaking or event.at > self._speaking[-1][0]:
                self._speaking.append((event.at, event.is_speaking))
            case SceneEntered() if event.at > self._scenes[-1][0]:
                self._scenes.append((event.at, event.expects, event.language))
            case CaptureVoice() if self.capture is None or event.at > self.capture.at:
                self.capture = event
            case _:
                pass

    def scene(self, at: float) -> Scene:
        """What holds at host time `at`."""
        told = bisect_right(self._speaking, at, key=lambda entry: entry[0])
        speaks = self._speaking[told - 1][1] if told else False
        return Scene(expects=self._scene(at)[1], mirror_speaks=speaks)

    def language(self, at: float) -> str:
        """What is spoken at host time `at`."""
        return self._scene(at)[2]

    def _scene(self, at: float) -> tuple[float, str, str]:
        return self._scenes[max(0, bisect_right(self._scenes, at, key=lambda entry: entry[0]) - 1)]
