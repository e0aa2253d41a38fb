"""A room for one face: speech made by hand, an outlet that remembers, a sender that keeps what would go to Unreal."""

import numpy as np
from numpy.typing import NDArray

from services.a2f_bridge.live_link import VALUE_NAMES, FacePacket, decode
from services.a2f_bridge.stage import BridgeStage, open_stage
from services.a2f_bridge.visit import BridgeWorker
from shared.audio import VOICE_HZ, to_bytes
from shared.clock import LoopClock
from shared.events import AnyEvent, Event, SpeechChunk, SpeechEnded
from shared.stage import Visit
from shared.streams import START, StreamId

JAW = VALUE_NAMES.index("JawOpen")


def tone(seconds: float, level: float = 0.3) -> NDArray[np.float32]:
    """A steady vowel-like sound: harmonics of 120 Hz under two formants."""
    t = np.arange(round(seconds * VOICE_HZ)) / VOICE_HZ
    sound = np.zeros_like(t)
    for k in range(1, 40):
        hertz = 120.0 * k
        formants = np.exp(-(((hertz - 650.0) / 250.0) ** 2)) + 0.5 * np.exp(-(((hertz - 1300.0) / 300.0) ** 2)) + 0.05
        sound += formants * np.sin(2 * np.pi * hertz * t + k)
    return np.asarray(level * sound / np.abs(sound).max(), np.float32)


def silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(round(seconds * VOICE_HZ), np.float32)


def chunks(
    pcm: NDArray[np.float32], *, turn: int = 1, rev: int = 0, epoch: int = 0, clause_samples: int = 0
) -> list[SpeechChunk | SpeechEnded]:
    """A turn of one clause, as tts says it: 100 ms at a time, then the end."""
    said: list[SpeechChunk | SpeechEnded] = [
        SpeechChunk(
            turn=turn, rev=rev, epoch=epoch, from_sample=begin, seq=rev * 10_000_000 + begin // 240 + 1,
            pcm=to_bytes(pcm[begin : begin + 2400]), clause_samples=clause_samples if begin == 0 else 0,
        )
        for begin in range(0, len(pcm), 2400)
    ]  # fmt: skip
    end = SpeechEnded(turn=turn, rev=rev, epoch=epoch, samples=len(pcm), seq=rev * 10_000_000 + 9_999_999)
    return [*said, end]


class RememberingOutlet:
    """Keeps what is published; recalls what it is given as the past."""

    def __init__(self, past: list[AnyEvent] | None = None) -> None:
        self.published: list[Event] = []
        self._past = past or []

    async def publish(self, *events: Event) -> None:
        self.published += events

    async def checkpoint(self, event: AnyEvent) -> None:
        raise AssertionError("the bridge leaves checkpoints to the runner")

    async def tail(self, stream: str) -> StreamId:
        return START

    async def recall(self, stream: str, after: StreamId = START) -> list[AnyEvent]:
        return [event for event in self._past if event.stream == stream]


class KeepingSender:
    """Stands where the socket is."""

    def __init__(self) -> None:
        self.packets: list[FacePacket] = []
        self.sent_at: list[float] = []
        self.last_error = ""

    async def resolve(self) -> None:
        return

    def send(self, datagram: bytes) -> bool:
        self.packets.append(decode(datagram))
        self.sent_at.append(LoopClock().now())
        return True

    def close(self) -> None:
        return

    def value(self, name: str) -> NDArray[np.float64]:
        """One value of every packet so far, shape (n,)."""
        return np.array([packet.values[VALUE_NAMES.index(name)] for packet in self.packets])

    def due(self) -> NDArray[np.float64]:
        """When each packet was due at the glass, shape (n,)."""
        return np.array([packet.due_at for packet in self.packets])


def open_room(
    engine: str = "scripted", past: list[AnyEvent] | None = None, **config: object
) -> tuple[BridgeWorker, RememberingOutlet, KeepingSender]:
    """A worker whose surroundings can be looked at. Call inside a running loop."""
    stage = open_stage({"a2f_bridge": {"engine": engine, **config}})
    assert isinstance(stage, BridgeStage)
    sender, outlet = KeepingSender(), RememberingOutlet(past)
    stage.sender = sender  # type: ignore[assignment]  # the socket's place
    worker = stage.open_visit(Visit(session="s1", language="en", outlet=outlet, clock=LoopClock()))
    return worker, outlet, sender
