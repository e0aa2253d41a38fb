"""The kiosk's page in the world of `visit_world`: it plays what is due, when it is due, and says what has sounded."""

import asyncio
from typing import TYPE_CHECKING

from services.session.kiosks import Kiosk
from shared import kiosk_wire as wire
from shared.audio import VOICE_HZ

if TYPE_CHECKING:
    from tests.support.visit_world import World


class FakeKiosk:
    """See the module."""

    def __init__(self, world: "World", kiosk: Kiosk) -> None:
        self.world, self.kiosk = world, kiosk
        self.received: list[tuple[float, wire.Down]] = []
        self.turn, self.played, self.anchor = -1, 0, (0, 0.0)
        self.ready: dict[int, int] = {}
        self.gone = -1
        self.shows_nothing = False
        """Its camera is slow: no picture comes."""
        self.sounded: dict[int, tuple[float, float]] = {}
        """Per turn: when its first and its last sample sounded so far."""

    async def send_bytes(self, data: bytes) -> None:
        message = wire.decode_down(data)
        self.received.append((self.world.now(), message))
        match message:
            case wire.Speech() if message.turn > self.gone:
                if message.restart:
                    self.turn, self.anchor, self.played = (
                        message.turn,
                        (message.from_sample, message.due),
                        message.from_sample,
                    )
                self.ready[message.turn] = message.from_sample + len(message.pcm) // 2
            case wire.Hold() if message.stop:
                self.report()
                self.turn = -1
            case wire.Flush():
                self.report(is_end=True)
                self.gone, self.turn = message.turn, -1
            case wire.Capture() if not self.shows_nothing:
                for index in range(message.frames):
                    is_last = index + 1 == message.frames
                    self.say(wire.Camera(burst=message.burst, index=index, jpeg=b"jpeg", is_last=is_last))

    def say(self, message: wire.Up) -> None:
        self.kiosk.take(message)

    def report(self, *, is_end: bool = False) -> None:
        if self.sound_on() or (is_end and self.turn >= 0):
            _, at = self.sounded.get(self.turn, self.anchor)
            self.say(wire.Played(turn=self.turn, sample=self.played, at=at, is_end=is_end))

    def sound_on(self) -> bool:
        """Play what is due by now, whether anybody is told or not; whether there was anything."""
        if self.turn < 0:
            return False
        sample, due = self.anchor
        reached = min(sample + int((self.world.now() - due) * VOICE_HZ + 0.5), self.ready[self.turn])
        if reached <= self.played:
            return False
        self.played = reached
        at = due + (reached - sample) / VOICE_HZ
        first, _ = self.sounded.get(self.turn, (due, at))
        self.sounded[self.turn] = (first, at)
        return True

    async def run(self) -> None:
        """Serve one connection; cancel to cut it."""
        self.sound_on()
        playing = asyncio.create_task(self._play())
        try:
            resume = self.kiosk.visit.opened.session if self.kiosk.visit else ""
            heard = {"heard_turn": self.turn, "heard_sample": self.played} if self.turn > 0 else {}
            await self.kiosk.attend(self, wire.Hello(token="", resume=resume, **heard))  # type: ignore[arg-type]
        finally:
            self.kiosk.link.is_connected = False
            playing.cancel()

    async def _play(self) -> None:
        while True:
            self.report()
            await asyncio.sleep(0.05)

    def looks(self) -> list[str]:
        return [message.look for _, message in self.received if isinstance(message, wire.Scene)]

    def last_sound(self) -> float:
        return max((last for _, last in self.sounded.values()), default=0.0)
