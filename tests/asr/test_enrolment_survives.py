"""asr is killed while it gathers the visitor's voice: whoever comes after it makes the same sample of the same words."""

import asyncio
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest

from services.asr.stage import open_stage
from shared.bus import Output
from shared.clock import LoopClock
from shared.events import (
    AnyEvent,
    CaptureVoice,
    Event,
    FinalTranscript,
    SessionOpened,
    VoiceSampleRefused,
    VoiceSampleTaken,
    decode,
    encode,
)
from shared.memory_bus import MemoryBus
from shared.runner import StageRunner
from shared.streams import CAP, DEFAULT_CAP, SESSIONS, START, StreamId, key
from tests.asr.test_voice_sample import voice
from tests.support.asr_outlet import chunks_of, silence
from tests.support.cut_bus import CutBus
from tests.support.virtual_time import run_virtual

SESSION = "visit"
SENTENCES = ["Yes, I do.", "I was born by the sea.", "There was a boat.", "It was blue."]
SETTINGS: dict[str, Any] = {
    "asr": {
        "engine": "scripted",
        "options": {"scripted": {"sentences": SENTENCES}},
        "detector": "loudness",
        "turn_judge": "timer",
    }
}
ORDER_AT_S = 4.0
"""Behind the first utterance: that one was no answer, and consent does not reach back to it."""
WARM_S = 3.0
"""From a death to the successor's first breath, where there is no sibling."""
COMMITS = 34
"""What one worker writes in this visit. It may die just before any of them; every third is tried here, each was once."""


def _sound() -> "np.ndarray[Any, np.dtype[np.float64]]":
    parts = [silence(1.0), voice(2.0), silence(3.5), voice(2.2), silence(3.5), voice(2.0), silence(3.5), voice(2.0)]
    sound = np.concatenate([*parts, silence(4.0)])
    return sound + 1e-4 * np.random.default_rng(3).normal(size=sound.size)


SOUND = _sound()


class Enrolling:
    """A visitor who answers in three sentences, and a session that wants four seconds of them."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.bus = MemoryBus(self.clock)
        self.deaths = 0

    async def put(self, event: Event) -> None:
        full = msgspec.structs.replace(event, at=self.clock.now())
        cap = CAP.get(event.stream, DEFAULT_CAP)
        output = Output(key(SESSION, event.stream), StreamId(event.turn, event.seq), encode(full), cap)
        await self.bus.commit(self.lease, [output])

    async def speak(self) -> None:
        for chunk in chunks_of(SOUND, begins_at=self.clock.now()):
            await self.clock.sleep_until(chunk.captured_at)
            await self.put(chunk)

    async def order(self) -> None:
        await asyncio.sleep(ORDER_AT_S)
        await self.put(CaptureVoice(is_on=True, seq=1, min_speech_s=4.0))

    async def hear(self, dies_at: tuple[int, ...], warm_s: float) -> int:
        """One worker after another; each dies just before that commit of its own. Returns how many the last one made."""
        deaths = list(dies_at)
        while True:
            line = CutBus(self.bus, deaths.pop(0) if deaths else 0)
            stop = asyncio.Event()
            runner: Any = StageRunner(open_stage(SETTINGS), line, self.clock)
            working = asyncio.create_task(runner.run(stop))
            dying = asyncio.create_task(line.is_cut.wait())
            await asyncio.wait({dying, self.speaking}, return_when=asyncio.FIRST_COMPLETED)
            if not line.is_cut.is_set():
                await asyncio.sleep(WARM_S)
                stop.set()
                await working
                dying.cancel()
                return line.commits
            self.deaths += 1
            working.cancel()
            await asyncio.wait({working})
            await asyncio.sleep(warm_s)

    async def run(self, dies_at: tuple[int, ...], warm_s: float) -> int:
        opened = SessionOpened(session=SESSION, kiosk="k", language="en", script="s")
        await self.bus.append(SESSIONS, encode(opened), 9)
        lease = await self.bus.acquire(SESSION, "session", "us", 1e9)
        assert lease
        self.lease = lease
        self.speaking = asyncio.create_task(self.speak())
        ordering = asyncio.create_task(self.order())
        commits = await self.hear(dies_at, warm_s)
        await ordering
        return commits

    async def events(self, stream: str) -> list[AnyEvent]:
        return [decode(entry.payload) for entry in await self.bus.range(key(SESSION, stream), START)]


class Came(msgspec.Struct, frozen=True):
    """What the visit has of it."""

    finals: list[tuple[int, str]]
    refused: list[tuple[int, str]]
    taken: list[tuple[int, str]]
    speech_s: float
    commits: int
    deaths: int


def enrolled(*dies_at: int, warm_s: float = 0.0) -> Came:
    async def main() -> Came:
        visit = Enrolling()
        commits = await visit.run(dies_at, warm_s)
        samples = await visit.events("voice_sample")
        taken = [event for event in samples if isinstance(event, VoiceSampleTaken)]
        return Came(
            finals=[(e.turn, e.text) for e in await visit.events("hearing") if isinstance(e, FinalTranscript)],
            refused=[(e.turn, e.reason) for e in samples if isinstance(e, VoiceSampleRefused)],
            taken=[(event.turn, event.text) for event in taken],
            speech_s=sum(event.speech_s for event in taken),
            commits=commits,
            deaths=visit.deaths,
        )

    return run_virtual(main())


@cache
def in_peace() -> Came:
    return enrolled()


def is_the_same(came: Came) -> None:
    expected = in_peace()
    assert (came.finals, came.refused, came.taken) == (expected.finals, expected.refused, expected.taken)
    assert came.speech_s == pytest.approx(expected.speech_s, abs=0.1)


def test_in_peace_three_sentences_make_one_sample_of_their_words() -> None:
    came = in_peace()
    assert came.taken == [(4, " ".join(SENTENCES[1:]))]
    assert came.refused == [(2, "too_little"), (3, "too_little")]
    assert came.commits == COMMITS


@pytest.mark.parametrize("dies_at", range(3, COMMITS + 1, 3))
def test_wherever_asr_is_killed_its_sibling_makes_the_same_sample_once(dies_at: int) -> None:
    came = enrolled(dies_at)
    assert came.deaths == 1
    is_the_same(came)


@pytest.mark.parametrize("dies_at", range(8, COMMITS + 1, 8))
def test_without_a_sibling_it_is_made_once_asr_is_warm_again(dies_at: int) -> None:
    is_the_same(enrolled(dies_at, warm_s=WARM_S))


def test_killed_again_and_again_it_is_still_the_same_sample() -> None:
    came = enrolled(9, 5, 4, 3)
    assert came.deaths == 4
    is_the_same(came)
