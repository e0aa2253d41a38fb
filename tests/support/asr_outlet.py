"""An outlet in memory, a clock moved by hand, and a driver that feeds a hearing worker 20 ms at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.asr.config import AsrConfig
from services.asr.ear import EarSettings
from services.asr.inference import Inference, open_inference
from services.asr.trial import read_sound
from services.asr.visit import HearingWorker
from shared.audio import MICROPHONE_CHUNK, MICROPHONE_HZ
from shared.events import AnyEvent, Event, MicrophoneChunk, decode, encode
from shared.stage import Visit
from shared.streams import START, StreamId

E = TypeVar("E", bound=Event)


class HandClock:
    """Stands still until it is moved."""

    def __init__(self, at: float = 1000.0) -> None:
        self._now = at
        self._moved = asyncio.Event()

    def now(self) -> float:
        return self._now

    def move_to(self, at: float) -> None:
        self._now = max(self._now, at)
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep_until(self, at: float) -> None:
        while self._now < at:
            await self._moved.wait()


class FakeOutlet:
    """Keeps what is published under the bus's rule: an id not above its stream's last is refused."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.events: list[AnyEvent] = []
        self.refused: list[Event] = []
        self.checkpoints: list[StreamId] = []

    async def publish(self, *events: Event) -> None:
        for event in events:
            if StreamId(event.turn, event.seq) <= await self.tail(event.stream):
                self.refused.append(event)
            else:
                self.events.append(decode(encode(msgspec.structs.replace(event, at=event.at or self.clock.now()))))

    async def checkpoint(self, event: AnyEvent) -> None:
        self.checkpoints.append(StreamId(event.turn, event.seq))

    async def tail(self, stream: str) -> StreamId:
        ids = [StreamId(event.turn, event.seq) for event in self.events if event.stream == stream]
        return ids[-1] if ids else START

    async def recall(self, stream: str, after: StreamId = START) -> list[AnyEvent]:
        return [e for e in self.events if e.stream == stream and StreamId(e.turn, e.seq) > after]

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


class Driver:
    """Feeds one worker. Between chunks everything the worker began is finished: models take no time."""

    def __init__(self, inference: Inference, worker: HearingWorker, clock: HandClock) -> None:
        self._inference = inference
        self._worker = worker
        self._clock = clock
        self._run: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Driver":
        await self._worker.start()
        self._run = asyncio.create_task(self._worker.run())
        await self.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._run is not None
        self._run.cancel()
        await asyncio.wait({self._run})
        await self._worker.close()
        if not self._run.cancelled():
            self._run.result()

    async def settle(self) -> None:
        for _ in range(3):
            while self._inference.running:
                await asyncio.wait(self._inference.running)
            for _ in range(12):
                await asyncio.sleep(0)

    async def hear(self, chunks: Iterable[MicrophoneChunk]) -> None:
        """As they come in, at 20 ms each."""
        for chunk in chunks:
            self._clock.move_to(chunk.captured_at)
            await self._worker.handle(chunk)
            await self.settle()

    async def hear_backlog(self, chunks: Sequence[MicrophoneChunk]) -> None:
        """All at once, long after they were recorded."""
        self._clock.move_to(chunks[-1].captured_at)
        for chunk in chunks:
            await self._worker.handle(chunk)
        await self.settle()

    def tell(self, event: AnyEvent) -> None:
        self._worker.overhear(event)

    async def pass_time(self, seconds: float) -> None:
        """Without any sound."""
        for _ in range(round(seconds / 0.1)):
            self._clock.move_to(self._clock.now() + 0.1)
            await self.settle()


def chunks_of(sound: NDArray[np.floating], *, first: int = 1, begins_at: float = 1000.0) -> list[MicrophoneChunk]:
    """Sound, shape (n,), -1..1, 16 kHz, as microphone chunks numbered from `first`; `begins_at` is chunk 1's beginning."""
    whole = np.concatenate([sound, np.zeros(-len(sound) % MICROPHONE_CHUNK)])
    pcm = np.clip(np.round(whole * 32767), -32768, 32767).astype("<i2").reshape(-1, MICROPHONE_CHUNK)
    return [
        MicrophoneChunk(
            seq=first + i,
            pcm=row.tobytes(),
            captured_at=begins_at + (first + i) * 0.02,
            at=begins_at + (first + i) * 0.02,
        )
        for i, row in enumerate(pcm)
    ]


def silence(seconds: float) -> NDArray[np.float64]:
    return np.zeros(int(seconds * MICROPHONE_HZ))


class Room:
    """One visit with a hearing worker: outlet, clock and driver together."""

    def __init__(self, inference: Inference, *, language: str = "en", outlet: FakeOutlet | None = None) -> None:
        self.clock = outlet.clock if outlet else HandClock()
        self.outlet = outlet or FakeOutlet(self.clock)
        self._visit = Visit(session="s", language=language, outlet=self.outlet, clock=self.clock)
        self._inference = inference

    def driver(self, settings: EarSettings, *told: AnyEvent) -> Driver:
        """A fresh worker, told these control events before it starts."""
        worker = HearingWorker(self._visit, settings, self._inference)
        for event in told:
            worker.overhear(event)
        return Driver(self._inference, worker, self.clock)


@asynccontextmanager
async def models(config: AsrConfig) -> AsyncIterator[Inference]:
    """The configured models, warm."""
    inference = open_inference(config)
    await inference.warm_up()
    try:
        yield inference
    finally:
        inference.close()


def clip(path: Path) -> NDArray[np.float32]:
    """A human voice from a file, shape (n,), -1..1, 16 kHz, as in a quiet room."""
    return read_sound(str(path))


def tone(seconds: float, hz: float = 220.0) -> NDArray[np.float64]:
    """What the loudness detector takes for speech."""
    return 0.3 * np.sin(2 * np.pi * hz * np.arange(int(seconds * MICROPHONE_HZ)) / MICROPHONE_HZ)
