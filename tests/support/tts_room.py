"""A visit for the tts stage without a bus: keeps what is published, refuses what the bus would refuse."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import numpy as np

from services.tts.config import TtsConfig
from services.tts.engines.tone import Options, Tone
from services.tts.framing import UNIT
from services.tts.stage import TtsStage, TtsVisit
from services.tts.synthesizer import Synthesizer
from shared.audio import MICROPHONE_HZ, to_bytes, to_float
from shared.clock import Clock, HostClock
from shared.events import AnyEvent, Event, SpeechChunk, SpeechEnded, VoiceSampleTaken
from shared.stage import Visit
from shared.streams import START, StreamId


class Room:
    """The streams of one visit. Survives its worker, as Redis would."""

    def __init__(self) -> None:
        self.streams: dict[str, list[Event]] = {}
        self._grew = asyncio.Condition()

    async def publish(self, *events: Event) -> None:
        for event in events:
            stream = self.streams.setdefault(event.stream, [])
            if (event.turn, event.seq) > (await self.tail(event.stream)):
                stream.append(event)
        async with self._grew:
            self._grew.notify_all()

    async def checkpoint(self, event: AnyEvent) -> None:
        raise NotImplementedError

    async def tail(self, stream: str) -> StreamId:
        events = self.streams.get(stream, [])
        return StreamId(events[-1].turn, events[-1].seq) if events else START

    async def recall(self, stream: str, after: StreamId = START) -> list[AnyEvent]:
        return [event for event in self.streams.get(stream, []) if (event.turn, event.seq) > after]  # type: ignore[misc]

    async def until(self, stream: str, count: int) -> Sequence[Event]:
        """Wait until so many events lie in a stream."""
        async with asyncio.timeout(20), self._grew:
            await self._grew.wait_for(lambda: len(self.streams.get(stream, [])) >= count)
        return self.streams[stream]

    @property
    def chunks(self) -> list[SpeechChunk]:
        return [event for event in self.streams.get("voice", []) if isinstance(event, SpeechChunk)]

    @property
    def endings(self) -> list[SpeechEnded]:
        return [event for event in self.streams.get("voice", []) if isinstance(event, SpeechEnded)]

    def sound(self, turn: int) -> np.ndarray:
        """The whole of a turn, shape (n,); fails if its chunks leave a gap."""
        position, parts = 0, []
        for chunk in (chunk for chunk in self.chunks if chunk.turn == turn):
            samples = to_float(chunk.pcm)
            assert chunk.from_sample == position
            assert chunk.from_sample % UNIT == 0
            assert len(samples) % UNIT == 0
            position += len(samples)
            parts.append(samples)
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


@contextlib.asynccontextmanager
async def visiting(
    room: Room,
    engine: Synthesizer | None = None,
    *,
    language: str = "en",
    stage: TtsStage | None = None,
    closes_stage: bool = True,
    clock: Clock | None = None,
) -> AsyncIterator[TtsVisit]:
    """A worker of the stage in this room, started, with its own loop running."""
    stage = stage or TtsStage(TtsConfig(), engine or Tone(Options()))
    await stage.warm_up()
    worker = stage.open_visit(Visit(session="s", language=language, outlet=room, clock=clock or HostClock()))
    await worker.start()
    beside = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        beside.cancel()
        await asyncio.wait({beside})
        await worker.close()
        if closes_stage:
            await stage.close()


def sample(hertz: float = 120.0, turn: int = 1) -> VoiceSampleTaken:
    """Six seconds of a hum instead of a visitor."""
    at = np.arange(6 * MICROPHONE_HZ) / MICROPHONE_HZ
    pcm = to_bytes(0.3 * np.sin(2 * np.pi * hertz * at))
    return VoiceSampleTaken(turn=turn, seq=1, pcm=pcm, text="the quick brown fox", speech_s=6.0, snr_db=30.0)
