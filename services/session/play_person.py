"""What an invented visitor does in a simulated visit: every choice that chance makes. Pure: `random` is passed in."""

from random import Random

from services.session.play import Scene
from services.session.play_events import SignalGiven
from services.session.play_visitors import Visitor

ENOUGH_VOICE_S = 5.0


class Person:
    """One visit of one kind of visitor."""

    def __init__(self, visitor: Visitor, random: Random) -> None:
        self.visitor = visitor
        self._random = random

    def _does(self, chance: float) -> bool:
        return self._random.random() < chance

    def leaves(self) -> bool:
        """Walks away, now that the mirror has spoken."""
        return self._does(self.visitor.leaves)

    def speaks(self) -> bool:
        """Answers what the mirror said."""
        return self._does(self.visitor.speaks)

    def cuts(self, share: float) -> bool:
        """Speaks over the mirror within this share of what it says."""
        return self._does(self.visitor.cuts * share)

    def passes_face(self) -> bool:
        """The burst is good enough."""
        return self._does(self.visitor.face_passes)

    def passes_voice(self) -> bool:
        """The sample is good enough."""
        return self._does(self.visitor.voice_passes)

    def pause_s(self) -> float:
        """Seconds before speaking."""
        return self._random.expovariate(1.0 / self.visitor.pause_s)

    def speech_s(self, expects: str) -> float:
        """Seconds of speaking."""
        mean_s = self.visitor.speech_s / (6.0 if expects in ("yes_no", "none") else 1.0)
        return min(60.0, max(0.4, self._random.expovariate(1.0 / mean_s)))

    def reply_words(self, most: int) -> int:
        """Words of the model's reply; chance is the model's, too."""
        return self._random.randint(min(5, most), most)

    def meaning(self, scene: Scene, utterance: int) -> SignalGiven:
        """What was said means this."""
        visitor, chance = self.visitor, self._random.random()
        name = other = ""
        if scene.kind == "gate":
            if not self._does(visitor.is_unclear):
                yes = next((key for key, signal in scene.signals.items() if "consent" in signal.gives), "")
                no = next((key for key, signal in scene.signals.items() if "consent" not in signal.gives), "")
                name = yes if chance < visitor.agrees else no
        elif chance < visitor.refuses:
            other = "refusal"
        elif chance < visitor.refuses + visitor.dictates:
            other = "dictation"
        elif scene.signals and self._does(visitor.gives):
            name = next(iter(scene.signals))
        return SignalGiven(utterance=utterance, name=name, other=other)
