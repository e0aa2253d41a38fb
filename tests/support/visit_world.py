"""A whole house in one process and in virtual time: the real session service on the memory bus, and a world around it.

The world has the other stages (`visit_stages`), the kiosk's page (`fake_page`) and the visitor, who hears and speaks here and does
what a story of `visit_story` wants.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from services.session.config import SessionConfig
from services.session.house import House
from services.session.play_check import load_play
from shared import events as ev
from shared import kiosk_wire as wire
from shared.bus import Lease, Output
from shared.clock import LoopClock
from shared.memory_bus import MemoryBus
from shared.runner import StageRunner
from shared.streams import SESSIONS, STAGES, START, StreamId, key
from tests.support.fake_page import FakeKiosk
from tests.support.visit_stages import FaceswapStage, Idle, LlmStage, TtsStage

ROOT = Path(__file__).resolve().parent.parent.parent


class World:
    """See the module. Change its attributes to disturb it."""

    def __init__(self, script: str = "short", language: str = "en") -> None:
        self.clock = LoopClock()
        self.bus = MemoryBus(self.clock)
        self.play = load_play(ROOT / "scripts" / f"{script}.yaml")
        self.config = SessionConfig(language=language)
        self.llm_s, self.tts_s = 0.05, 0.15
        self.llm_is_down = self.tts_is_down = False
        self.face_refusal = ""
        self.breaks_on = ""
        """Words of the visitor, or a line of the play, at which llm or tts raises."""
        self.meaning: Callable[[str, list[str]], str] = lambda said, names: said if said in names else ""
        self.runners: list[tuple[asyncio.Event, asyncio.Task[None]]] = []
        self.utterance = 0
        self._asr: Lease | None = None
        self.left_session = ""
        """Of the visit that began last, when no house has it any more."""

    def now(self) -> float:
        return self.clock.now()

    async def start(self) -> None:
        """Stages first, then the house and its kiosk."""
        stages = [
            LlmStage("llm", self), TtsStage("tts", self), FaceswapStage("faceswap", self), Idle("a2f_bridge", self),
        ]  # fmt: skip
        for stage in stages:
            stop = asyncio.Event()
            runner: Any = StageRunner(stage, self.bus, self.clock)  # type: ignore[arg-type] # `name` is set, not declared
            self.runners.append((stop, asyncio.create_task(runner.run(stop))))
        self.asr_beats = asyncio.create_task(self._beat_for_asr())
        await self.open_house()

    async def _beat_for_asr(self) -> None:
        while True:
            beat = ev.Heartbeat(at=self.now(), stage="asr", worker="world", state="ready")
            await self.bus.append(STAGES, ev.encode(beat), 100)
            await asyncio.sleep(0.5)

    async def open_house(self, page: FakeKiosk | None = None) -> None:
        """A session service, and its page: a new one, or the one that was there before and has sounded on."""
        self.house = House(self.bus, self.clock, self.config, self.play)
        self.watching = asyncio.create_task(self.house.watch_stages())
        await asyncio.sleep(0.7)
        await self.house.open()
        self.kiosk = self.house.kiosk("mirror")
        self.page = page or FakeKiosk(self, self.kiosk)
        self.page.kiosk = self.kiosk
        self.connection = asyncio.create_task(self.page.run())
        await asyncio.sleep(0.1)

    async def crash_house(self) -> None:
        """The session service dies without a word: its tasks end, nothing is released, its lease runs out."""
        self.watching.cancel()
        self.connection.cancel()
        visit = self.kiosk.visit
        assert visit is not None
        release, self.bus.release = self.bus.release, _nothing  # type: ignore[method-assign]
        await self.house.close()
        self.bus.release = release  # type: ignore[method-assign]

    async def stop(self) -> None:
        self.watching.cancel()
        self.connection.cancel()
        self.asr_beats.cancel()
        await self.house.close()
        for stop, task in self.runners:
            stop.set()
            await task

    # --- the visitor ------------------------------------------------------------------------------------------------

    @property
    def session(self) -> str:
        return self.kiosk.visit.opened.session if self.kiosk.visit else self.left_session

    async def approach(self) -> None:
        self.page.say(wire.Approach())
        await asyncio.sleep(0.3)
        self.began_at = self.kiosk.visit.opened.at if self.kiosk.visit else 0.0
        self.left_session = self.session
        lease = await self.bus.acquire(self.session, "asr", "world", 1e9)
        assert lease
        self._asr = lease

    async def say(self, text: str, seconds: float = 1.5, *, voice_sample: bool = True) -> None:
        """The visitor speaks for `seconds`; asr guesses, then decides."""
        self.utterance += 1
        turn = self.utterance
        started = self.now()
        await self.hear(ev.SpeechStarted(turn=turn, seq=1, started_at=started))
        await asyncio.sleep(seconds)
        ended = self.now()
        await self.hear(ev.PartialTranscript(turn=turn, seq=2, stable=text))
        await asyncio.sleep(0.1)
        await self.hear(ev.SpeechPaused(turn=turn, seq=3, ended_at=ended))
        await asyncio.sleep(0.05)
        await self.hear(ev.GuessTranscript(turn=turn, seq=4, text=text, ended_at=ended, engine_s=0.05))
        await asyncio.sleep(0.15)
        final = ev.FinalTranscript(
            turn=turn,
            seq=5,
            text=text,
            started_at=started,
            ended_at=ended,
            speech_s=seconds,
            waited_s=0.25,
            engine_s=0.05,
        )
        await self.hear(final)
        if voice_sample and await self._is_capturing():
            sample = ev.VoiceSampleTaken(turn=turn, seq=1, pcm=b"\0\0", text=text, speech_s=seconds, snr_db=30)
            refused = ev.VoiceSampleRefused(turn=turn, seq=1, reason="too_little", speech_s=seconds)
            await self.hear(sample if seconds >= 5 else refused)

    async def _is_capturing(self) -> bool:
        control = await self.events("control")
        captures = [event for event in control if isinstance(event, ev.CaptureVoice)]
        taken = [event for event in await self.events("voice_sample") if isinstance(event, ev.VoiceSampleTaken)]
        return bool(captures) and captures[-1].is_on and not taken

    async def hear(self, event: ev.Event) -> None:
        assert self._asr
        full = Output(
            key(self.session, event.stream), StreamId(event.turn, event.seq), _stamped(event, self.now()), 9999
        )
        await self.bus.commit(self._asr, [full])

    async def events(self, stream: str) -> list[ev.AnyEvent]:
        entries = await self.bus.range(key(self.session, stream), START)
        return [event for entry in entries if (event := ev.understood(entry.payload)) is not None]

    def poison(self, name: str, payload: bytes) -> None:
        """Behind everything in the stream of that key, whoever may write there."""
        stream = self.bus._streams[name]
        assert stream.add(Output(name, StreamId(stream.last.turn, stream.last.seq + 1), payload, 9999))
        self.bus._wake()

    async def line_over(self, line: str, timeout_s: float = 60) -> None:
        """Wait until a line of the play has sounded whole."""
        async with asyncio.timeout(timeout_s):
            while not any(
                isinstance(event, ev.TurnTimed) and event.line.split("#")[0] == line
                for event in await self.events("playback")
            ):
                await asyncio.sleep(0.1)

    async def quiet(self, timeout_s: float = 30) -> None:
        """Wait until the mirror has said what it has to say and half a second has passed."""
        silent_since = self.now()
        async with asyncio.timeout(timeout_s):
            while self.now() - silent_since < 0.5:
                visit = self.kiosk.visit
                if visit is None:
                    return
                if visit.conductor is None or visit.conductor.turns.is_sounding:
                    silent_since = self.now()
                await asyncio.sleep(0.05)

    async def until_over(self, timeout_s: float = 400) -> None:
        async with asyncio.timeout(timeout_s):
            while self.kiosk.visit is not None or not self.kiosk.receipts:
                await asyncio.sleep(0.1)

    async def keys_left(self) -> int:
        prefix = "mirror:{"
        return sum(name.startswith(prefix) for name in self.bus._streams)

    async def closed_reasons(self) -> list[str]:
        events = [ev.understood(entry.payload) for entry in await self.bus.range(SESSIONS, START)]
        return [event.reason for event in events if isinstance(event, ev.SessionClosed)]


async def _nothing(lease: Lease) -> None:
    """A crashed service releases nothing."""


def _stamped(event: ev.Event, now: float) -> bytes:
    return ev.encode(msgspec.structs.replace(event, at=now))
