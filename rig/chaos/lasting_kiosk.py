"""A kiosk whose connection may break: it comes back as the page does, and goes on with the same visit."""

import asyncio
from contextlib import suppress
from random import Random

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from rig.chaos.record import Span
from rig.kiosk_client import Kiosk
from shared import kiosk_wire as wire
from shared.clock import HostClock
from shared.errors import BadInput, EngineFailed

FIRST_S, GROWTH, LONGEST_S = 0.25, 1.3, 5.0
"""Pauses before knocking again: those of the page's `backoff.js`."""

OPEN_S = 2.0
BEGIN_S = 30.0
"""So long a mirror may say that it is not ready for a visit."""


class LastingKiosk(Kiosk):
    """One visit, over as many connections as it takes."""

    def __init__(self, url: str, token: str, socket: ClientConnection, burst: list[bytes], random: Random) -> None:
        super().__init__(socket, burst, keeps_pictures=False, clock=HostClock())
        self.away: list[Span] = []
        """When there was no connection, whoever was to blame."""
        self.cuts: list[Span] = []
        """Of these, when the cable had been pulled."""
        self._url = url
        self._token = token
        self._random = random
        self._cut_until = 0.0
        self.is_connected = True

    def cut(self, seconds: float) -> None:
        """Pull the cable, for so long."""
        self._cut_until = self.now() + seconds
        self.is_connected = False
        self._socket.transport.abort()

    async def begin(self) -> None:
        """Step up, again and again until the mirror is ready. Raises EngineFailed if it never is."""
        give_up_at = self.now() + BEGIN_S
        while not self.recording.session:
            if self.now() > give_up_at or self.is_over.is_set():
                refused = "; ".join(one.detail for one in self.recording.refused[-1:])
                why = refused or ("it does not answer" if self.is_connected else "it cannot be reached any more")
                raise EngineFailed(f"kiosk: no visit began at {self._url} within {BEGIN_S:.0f} s: {why}")
            await self.approach()
            await asyncio.sleep(0.3)

    async def close(self) -> None:
        """Hang up."""
        await self._socket.close()

    async def _send(self, message: wire.Up) -> None:
        with suppress(ConnectionClosed):  # a page keeps neither sound nor pictures for later
            await self._socket.send(wire.encode(message))

    async def _hear(self) -> None:
        while not self.is_over.is_set():
            await super()._hear()
            if not self.is_over.is_set():
                await self._come_back()

    async def _come_back(self) -> None:
        began_at = self.now()
        self.is_connected = False
        try:
            await self._knock()
        finally:  # also when the run ends before we are back: nothing of this time can be asked for
            self.away.append(Span(began_at, self.now()))
            if self._cut_until > began_at:
                self.cuts.append(self.away[-1])
        self.is_connected = True

    async def _knock(self) -> None:
        """Until we are let in."""
        failures = 0
        while True:
            failures += 1
            pause_s = min(LONGEST_S, FIRST_S * GROWTH ** (failures - 1)) * (0.8 + 0.4 * self._random.random())
            await asyncio.sleep(max(pause_s, self._cut_until - self.now()))
            try:
                speaker = self.loudspeaker
                heard = (max(0, speaker.turn), speaker.heard)
                self._socket = await greeted(self._url, self._token, resume=self.recording.session, heard=heard)
            except (OSError, WebSocketException, TimeoutError, BadInput):
                continue
            return

    def _enter(self, scene: wire.Scene) -> None:
        super()._enter(scene)
        if scene.look == "attract" and self.recording.session:
            # What we came back for is over, and forgotten: a service takes no page before it has wiped what was left.
            self.recording.forgotten_at = self.recording.forgotten_at or self.now()
            self.is_over.set()


async def greeted(url: str, token: str, *, resume: str = "", heard: tuple[int, int] = (0, 0)) -> ClientConnection:
    """A connection on which we are the kiosk.

    Raises:
        OSError, WebSocketException, TimeoutError: Nobody answers.
        BadInput: We are refused.
    """
    async with asyncio.timeout(OPEN_S):
        socket = await connect(url, max_size=wire.MAX_MESSAGE, compression=None, open_timeout=OPEN_S)
        turn, sample = heard
        hello = wire.Hello(token=token, language="en", resume=resume, heard_turn=turn, heard_sample=sample)
        await socket.send(wire.encode(hello))
        first = wire.decode_down(await socket.recv(decode=False))
    if isinstance(first, wire.Refused):
        await socket.close()
        raise BadInput(f"kiosk: {url} refuses us: {first.reason}: {first.detail}")
    return socket
