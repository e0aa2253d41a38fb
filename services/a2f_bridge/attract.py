"""The face between visits: asleep, breathing, so that nobody in Unreal takes the subject for lost."""

import asyncio
import random
from collections.abc import Callable

from services.a2f_bridge.beat import Beat
from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.idle.life import IdleLife
from services.a2f_bridge.live_link import Encoder
from services.a2f_bridge.speaking import SpeakingFace
from services.a2f_bridge.whole_face import WholeFace
from shared.clock import Clock


class Attract:
    """Sends while nobody else does: two senders of one subject would fight over the face."""

    def __init__(self, config: BridgeConfig, send: Callable[[bytes], None], clock: Clock) -> None:
        self._config, self._send, self._clock = config, send, clock
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()
        self._visits: set[object] = set()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """From now on. Does nothing where a subject belongs to one visit, or where it is switched off."""
        if self._config.idle_hz and "{session}" not in self._config.subject and self._task is None:
            self._task = asyncio.create_task(self._breathe())

    def give_way(self, visit: object) -> None:
        """A visit has the face now, until it is `over`. Harmless twice."""
        self._visits.add(visit)
        self._is_quiet.clear()

    def over(self, visit: object) -> None:
        """It has not any more. Harmless if it never had."""
        self._visits.discard(visit)
        if not self._visits:
            self._is_quiet.set()

    @property
    def is_sending(self) -> bool:
        """Whether the sleeping face is sent now."""
        return self._task is not None and self._is_quiet.is_set()

    async def end(self) -> None:
        """No more."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _breathe(self) -> None:
        lead_s = self._config.av_offset_ms / 1000.0
        encoder = Encoder(self._config.subject)
        while True:
            await self._is_quiet.wait()
            beat = Beat(self._clock.now(), self._config.idle_hz)
            face = WholeFace(SpeakingFace(), IdleLife(random.Random().random, beat.at + lead_s), self._config.head_gain)
            while self._is_quiet.is_set():
                beat.catch_up(self._clock.now())
                self._send(encoder.packet(face.values(beat.at + lead_s), beat.at + lead_s))
                beat.advance()
                await self._clock.sleep_until(beat.at)
