"""How long after the last sample of speech the final transcript is there: a hearing worker fed as the kiosk feeds it."""

import asyncio
import time
from collections.abc import Sequence

import msgspec
import numpy as np

from services.asr.ear import EarSettings
from services.asr.inference import Inference
from services.asr.transcriber import Pcm
from services.asr.visit import HearingWorker
from shared.audio import MICROPHONE_CHUNK, MICROPHONE_HZ, to_bytes
from shared.events import AnyEvent, Event, FinalTranscript, MicrophoneChunk, SceneEntered
from shared.stage import Visit
from shared.streams import START, StreamId

CHUNK_S = MICROPHONE_CHUNK / MICROPHONE_HZ
LEAD_S = 0.5
LIVE_S = 1.5
"""The end of the speech, which comes in at its own pace; what is before it comes as fast as it is taken."""
TAIL_S = 3.0
TRAILING_S = 1.0
"""A recording may be silent so long before it ends: what counts is its last sample of speech, as the VAD found it."""


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance."""

    final_s: float
    """From its last sample to its final transcript."""
    waited_s: float
    """Of that, silence that was waited for to be sure that the visitor is done."""
    words: int


async def time_to_final(inference: Inference, settings: EarSettings, speech: Pcm, language: str) -> Timed | None:
    """Let one visitor say `speech`, shape (n,), 16 kHz; None if it did not come to a final transcript."""
    clock = _JumpingClock()
    outlet = _Outlet(clock)
    visit = Visit(session="bench", language=language, outlet=outlet, clock=clock)
    worker = HearingWorker(visit, settings, inference)
    worker.overhear(SceneEntered(scene="bench", language=language, expects="open", at=0.001))
    await worker.start()
    beside = asyncio.create_task(worker.run())
    try:
        await _speak(worker, clock, speech, inference, outlet)
    finally:
        beside.cancel()
        await asyncio.wait({beside})
        await worker.close()
    found = outlet.final_after(_end_of(speech) - TRAILING_S)
    if found is None:
        return None
    final, at = found
    return Timed(final_s=at - final.ended_at, waited_s=final.waited_s, words=len(final.text.split()))


def _end_of(speech: Pcm) -> float:
    return LEAD_S + speech.size / MICROPHONE_HZ


async def _speak(
    worker: HearingWorker, clock: "_JumpingClock", speech: Pcm, inference: Inference, outlet: "_Outlet"
) -> None:
    chunks = _chunks(speech)
    live_from = len(chunks) - round((LIVE_S + TAIL_S) / CHUNK_S)
    for number, chunk in enumerate(chunks):
        if number < live_from:
            clock.jump_to(chunk.captured_at)
            await worker.handle(chunk)
            await _settled(inference)
            clock.jump_to(chunk.captured_at)
            continue
        await clock.sleep_until(chunk.captured_at)
        await worker.handle(chunk)
        if outlet.final_after(_end_of(speech) - TRAILING_S) and chunk.captured_at > _end_of(speech):
            return


async def _settled(inference: Inference) -> None:
    """Until all that the worker began is done: before the end of the speech models take no time."""
    for _ in range(3):
        while inference.running:
            await asyncio.wait(inference.running)
        for _ in range(12):
            await asyncio.sleep(0)


def _chunks(speech: Pcm) -> Sequence[MicrophoneChunk]:
    """With a faint hiss, silence before and behind; time begins at 0."""
    lead, tail = (np.zeros(int(seconds * MICROPHONE_HZ), np.float32) for seconds in (LEAD_S, TAIL_S))
    whole = np.concatenate([lead, speech, tail])
    whole = whole[: whole.size - whole.size % MICROPHONE_CHUNK]
    hiss = np.random.default_rng(1).normal(scale=3e-4, size=whole.size)
    pcm, size = to_bytes(np.asarray(whole + hiss, np.float32)), 2 * MICROPHONE_CHUNK
    return [
        MicrophoneChunk(seq=i + 1, pcm=pcm[i * size : (i + 1) * size], captured_at=(i + 1) * CHUNK_S)
        for i in range(len(pcm) // size)
    ]


class _JumpingClock:
    """Runs as time does, and can be put forward and back."""

    def __init__(self) -> None:
        self._zero = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._zero

    def jump_to(self, at: float) -> None:
        self._zero = time.monotonic() - at

    async def sleep_until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self.now()))


class _Outlet:
    """Notes the finals and when they came."""

    def __init__(self, clock: _JumpingClock) -> None:
        self._clock = clock
        self._finals: list[tuple[FinalTranscript, float]] = []

    def final_after(self, at: float) -> tuple[FinalTranscript, float] | None:
        """The newest final of speech that ended after `at`, and when it came."""
        return next((pair for pair in reversed(self._finals) if pair[0].ended_at > at), None)

    async def publish(self, *events: Event) -> None:
        now = self._clock.now()
        self._finals += [(event, now) for event in events if isinstance(event, FinalTranscript)]

    async def checkpoint(self, event: AnyEvent) -> None:
        del event

    async def tail(self, stream: str) -> StreamId:
        del stream
        return START

    async def recall(self, stream: str, after: StreamId = START) -> list[AnyEvent]:
        del stream, after
        return []
