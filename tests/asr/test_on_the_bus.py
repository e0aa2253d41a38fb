"""The worker under the real runner, on a bus in memory: leases, checkpoints, fencing."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from services.asr.stage import open_stage
from shared.bus import Output
from shared.clock import HostClock
from shared.errors import Fenced
from shared.events import FinalTranscript, MicrophoneChunk, SpeechStarted, decode, encode
from shared.memory_bus import MemoryBus
from shared.stage import Stage
from shared.streams import CAP, START, StreamId, key
from shared.visit_runner import VisitRunner
from tests.support.asr_outlet import chunks_of, silence, tone

SETTINGS = {
    "asr": {
        "engine": "scripted",
        "options": {"scripted": {"sentences": ["The first.", "The second."]}},
        "detector": "loudness",
        "turn_judge": "timer",
    }
}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    opened = open_stage(SETTINGS)
    await opened.warm_up()
    yield opened
    await opened.close()


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus(HostClock())


async def say(bus: MemoryBus, chunks: list[MicrophoneChunk]) -> None:
    """As the session does, under a lease of its own."""
    lease = await bus.acquire("v", "session", f"kiosk{chunks[0].seq}", 0.0)
    assert lease is not None
    outputs = [
        Output(key("v", "microphone"), StreamId(0, chunk.seq), encode(chunk), CAP["microphone"]) for chunk in chunks
    ]
    await bus.commit(lease, outputs)


async def runner_of(stage: Stage, bus: MemoryBus, owner: str) -> VisitRunner:
    lease = await bus.acquire("v", "asr", owner, 0.0)
    assert lease is not None
    return VisitRunner(stage, bus, HostClock(), lease, "en")


async def finals(bus: MemoryBus, count: int) -> list[FinalTranscript]:
    """Wait for that many."""
    cursor, seen = START, list[FinalTranscript]()
    while len(seen) < count:
        for entry in await bus.read({key("v", "hearing"): cursor}, wait_s=1.0):
            cursor = entry.id
            event = decode(entry.payload)
            if isinstance(event, FinalTranscript):
                seen.append(event)
    return seen


def now_saying(*sounds: np.ndarray, first: int = 1) -> list[MicrophoneChunk]:
    return chunks_of(np.concatenate(sounds), first=first, begins_at=HostClock().now())


ONE = (silence(0.5), tone(1.0), silence(1.5))


async def test_it_hears_what_is_in_the_stream(stage: Stage, bus: MemoryBus) -> None:
    await say(bus, now_saying(*ONE, silence(2.0), *ONE))
    task = asyncio.create_task((await runner_of(stage, bus, "a")).run())
    assert [final.text for final in await finals(bus, 2)] == ["The first.", "The second."]
    task.cancel()
    await asyncio.wait({task})


async def test_a_successor_goes_on_and_the_one_before_is_fenced(stage: Stage, bus: MemoryBus) -> None:
    chunks = now_saying(*ONE, silence(2.0), *ONE)
    await say(bus, chunks[:250])
    first = asyncio.create_task((await runner_of(stage, bus, "a")).run())
    await finals(bus, 1)
    second = asyncio.create_task((await runner_of(stage, bus, "b")).run())
    await say(bus, chunks[250:])
    assert [final.turn for final in await finals(bus, 2)] == [1, 2]
    with pytest.raises(Fenced):
        await first
    heard = [decode(entry.payload) for entry in await bus.range(key("v", "hearing"), START)]
    assert [event.turn for event in heard if isinstance(event, SpeechStarted)] == [1, 2]
    second.cancel()
    await asyncio.wait({second})
