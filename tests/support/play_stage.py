"""A visit by hand: tell the director what happens, look at what it orders."""

from typing import TypeVar

from services.session import director
from services.session.play import Play
from services.session.play_events import (
    AnyOrder,
    AnyTold,
    Captured,
    EndVisit,
    EnterScene,
    LineDone,
    SayLine,
    SignalGiven,
    Tick,
    UtteranceHeard,
    VisitBegan,
    VisitorSpeaking,
)
from tests.support.play_files import shipped

O = TypeVar("O", bound=AnyOrder)  # noqa: E741


class StageByHand:
    """Lines take three seconds, nothing else happens unless it is told."""

    def __init__(self, play: Play | None = None, language: str = "en") -> None:
        self.state = director.open_play(play or shipped("short"), language)
        self.now = 0.0
        self.orders: list[tuple[float, AnyOrder]] = []
        self.utterance = 0
        self.line_s = 3.0
        self.is_loudspeaker_on = True
        self._ends: list[tuple[float, str]] = []

    def tell(self, told: AnyTold) -> list[AnyOrder]:
        """One event now; the orders it led to."""
        self.state, orders = director.step(self.state, told, self.now)
        for order in orders:
            self.orders.append((self.now, order))
            if isinstance(order, SayLine):
                begins = max([order.starts_at, self.now, *(end for end, _ in self._ends)])
                self._ends.append((begins + self.line_s, order.line))
        return list(orders)

    def wait(self, seconds: float) -> list[AnyOrder]:
        """Let time pass, lines end and ticks come; the orders of that time."""
        count, until = len(self.orders), self.now + seconds
        while self.now < until - 1e-9:
            self.now = round(min(until, self.now + 0.1), 3)
            if self.is_loudspeaker_on and self._ends and self._ends[0][0] <= self.now:
                self.tell(LineDone(line=self._ends.pop(0)[1]))
            self.tell(Tick())
        return [order for _, order in self.orders[count:]]

    def wait_for_scene(self, name: str, at_most: float = 60.0) -> None:
        """Let time pass until a scene has begun and its lines were said."""
        until = self.now + at_most
        while (self.state.scene != name or self.state.saying or self.state.due) and self.now < until:
            self.wait(0.1)
        assert self.state.scene == name, f"in {self.state.scene} instead of {name}"

    def silence_line(self) -> str:
        """The line being said does not end by itself any more; its id."""
        assert self._ends, "no line is being said"
        return self._ends.pop(0)[1]

    def speak(self, text: str = "words", speech_s: float = 1.0) -> list[AnyOrder]:
        """The visitor says something; its meaning is told separately."""
        self.utterance += 1
        before = len(self.orders)
        self.tell(VisitorSpeaking(is_speaking=True))
        self.wait(speech_s)
        self.tell(VisitorSpeaking(is_speaking=False))
        self.wait(0.3)
        self.tell(UtteranceHeard(utterance=self.utterance, text=text, speech_s=speech_s))
        return [order for _, order in self.orders[before:]]

    def mean(self, name: str = "", other: str = "") -> list[AnyOrder]:
        """What the visitor said last meant this."""
        return self.tell(SignalGiven(utterance=self.utterance, name=name, other=other))

    def begin(self) -> None:
        """The visit begins; everything the first scene says is said."""
        self.tell(VisitBegan(language=self.state.language))
        self.wait_for_scene(self.state.play.scenes[0].id)

    def agree(self) -> None:
        """Through the gate with a yes."""
        self.begin()
        self.speak("yes")
        self.mean("agreed")
        self.wait_for_scene("look")

    def enrol(self, *, with_voice: bool = True) -> None:
        """Face, then voice; the copy has said its first words."""
        self.agree()
        self.wait(0.5)
        self.tell(Captured(what="face"))
        self.wait_for_scene("question")
        if with_voice:
            self.tell(Captured(what="voice"))
        self.wait_for_scene("waking")

    def all(self, kind: type[O]) -> list[O]:
        """Every order of one kind so far."""
        return [order for _, order in self.orders if isinstance(order, kind)]

    @property
    def said(self) -> list[str]:
        """Lines ordered so far."""
        return [order.line for order in self.all(SayLine)]

    @property
    def scenes(self) -> list[str]:
        """Scenes entered so far."""
        return [order.scene for order in self.all(EnterScene)]

    @property
    def ending(self) -> str:
        """Why the visit ended, or nothing."""
        return next((order.reason for order in self.all(EndVisit)), "")
