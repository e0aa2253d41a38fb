"""The visitor's sound on its way from the kiosk to the bus."""

import asyncio

from services.session.microphone import Microphone
from shared.clock import Clock
from shared.events import MicrophoneChunk
from shared.kiosk_wire import Audio
from shared.outlet import LeasedOutlet

MOST_CHUNKS = 500
"""Ten seconds of sound wait at most while Redis is away; beyond it the oldest is worth least."""


class SoundIntake:
    """Of one visit; the kiosk's page may change meanwhile."""

    def __init__(self, clock: Clock, last: int) -> None:
        """`last`: number of the last chunk already in the stream."""
        self._clock = clock
        self._chunks = last
        self._microphone = Microphone()
        self._drop_oldest: asyncio.Queue[MicrophoneChunk] = asyncio.Queue(maxsize=MOST_CHUNKS)

    def begin_anew(self) -> None:
        """Another page: it counts its sound from one."""
        self._microphone = Microphone()

    def take(self, message: Audio) -> None:
        """Sound from the kiosk. Raises BadInput."""
        for pcm, captured_at in self._microphone.take(message, self._clock.now()):
            self._chunks += 1
            if self._drop_oldest.full():
                self._drop_oldest.get_nowait()
            self._drop_oldest.put_nowait(MicrophoneChunk(seq=self._chunks, pcm=pcm, captured_at=captured_at))

    async def pass_on(self, outlet: LeasedOutlet) -> None:
        """To the bus, for ever; what came meanwhile goes in one commit."""
        while True:
            chunks = [await self._drop_oldest.get()]
            while not self._drop_oldest.empty():
                chunks.append(self._drop_oldest.get_nowait())
            await outlet.publish(*chunks)
