"""A visit for the llm stage without a bus: keeps what is published, refuses what the bus would refuse."""

from shared.clock import LoopClock
from shared.events import (
    AnyEvent,
    Event,
    Heard,
    ReplyClause,
    ReplyEnded,
    ReplyRequest,
    ScenePrompt,
    SignalHeard,
    SignalSpec,
)
from shared.stage import Visit
from shared.streams import START, StreamId

SCENE = ScenePrompt(scene="hidden", goal="They name one thing they hide.", persona="You are their reflection.")


class Room:
    """The streams of one visit. Survives its worker, as Redis would."""

    def __init__(self) -> None:
        self.streams: dict[str, list[Event]] = {}
        self.published: list[Event] = []
        """Everything that was accepted, in order, over all streams."""

    async def publish(self, *events: Event) -> None:
        for event in events:
            if (event.turn, event.seq) > await self.tail(event.stream):
                self.streams.setdefault(event.stream, []).append(event)
                self.published.append(event)

    async def checkpoint(self, event: AnyEvent) -> None:
        raise NotImplementedError

    async def tail(self, stream: str) -> StreamId:
        events = self.streams.get(stream, [])
        return StreamId(events[-1].turn, events[-1].seq) if events else START

    async def recall(self, stream: str, after: StreamId = START) -> list[AnyEvent]:
        return [event for event in self.streams.get(stream, []) if (event.turn, event.seq) > after]  # type: ignore[misc]

    def visit(self) -> Visit:
        return Visit(session="s", language="en", outlet=self, clock=LoopClock())

    @property
    def clauses(self) -> list[ReplyClause]:
        return [event for event in self.published if isinstance(event, ReplyClause)]

    @property
    def text(self) -> str:
        return " ".join(clause.text for clause in self.clauses)

    @property
    def endings(self) -> list[ReplyEnded]:
        return [event for event in self.published if isinstance(event, ReplyEnded)]

    @property
    def signals(self) -> list[SignalHeard]:
        return [event for event in self.published if isinstance(event, SignalHeard)]


def request(
    said: str = "I am afraid of the dark.",
    *,
    turn: int = 1,
    rev: int = 0,
    epoch: int = 0,
    language: str = "en",
    prompt: ScenePrompt = SCENE,
    history: tuple[Heard, ...] = (),
    signals: tuple[SignalSpec, ...] = (),
    wants_reply: bool = True,
) -> ReplyRequest:
    return ReplyRequest(
        session="s", epoch=epoch, turn=turn, rev=rev, seq=rev, utterance=turn, said=said, language=language, prompt=prompt,
        history=history, signals=signals, wants_reply=wants_reply,
    )  # fmt: skip


def visitor(text: str) -> Heard:
    return Heard(speaker="visitor", text=text)


def mirror(text: str, *, was_cut: bool = False) -> Heard:
    return Heard(speaker="mirror", text=text, was_cut=was_cut)
