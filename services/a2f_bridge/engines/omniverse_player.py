"""The streaming player of Omniverse Audio2Face: one call a stretch of sound, given at the pace at which it sounds."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import msgspec

from services.a2f_bridge.engines.grpc_peer import said
from services.a2f_bridge.engines.protos import PUSH_AUDIO, PUSH_AUDIO_STREAM
from services.a2f_bridge.face_animator import Speech
from shared.audio import VOICE_HZ
from shared.errors import EngineFailed

QUEUED_PIECES = 60
"""A second of ticks: a player that is further behind is not playing."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which player, and how patient to be with it."""

    player: str
    """USD path of a streaming player."""
    watchdog_s: float


async def push(channel: Any, place: Place, pcm: Speech, patience_s: float) -> None:
    """A short sound in one message. Raises AioRpcError, EngineFailed: the player refuses it."""
    ask = channel.unary_unary(PUSH_AUDIO.path, PUSH_AUDIO.request.SerializeToString, PUSH_AUDIO.response.FromString)
    request = PUSH_AUDIO.request(instance_name=place.player, samplerate=VOICE_HZ, audio_data=_octets(pcm))
    _believe(await ask(request, timeout=patience_s))


class Player:
    """See `Performer`. Stretches follow each other; each is a task of its own."""

    def __init__(self, place: Place, lead_s: float, note: Callable[[EngineFailed | None], None]) -> None:
        """`note` is told how each stretch went: None, or what broke it."""
        self.lead_s = lead_s
        self._place, self._note = place, note
        self._channel: Any = None
        self._stretches: set[asyncio.Task[None]] = set()
        self._present: _Stretch | None = None

    def use(self, channel: Any) -> None:
        """From now on this connection; None: there is none, and what is played is dropped."""
        self._channel = channel

    def play(self, pcm: Speech) -> None:
        """See the port."""
        if self._present is None and self._channel is not None:
            self._present = _Stretch(self._channel, self._place)
            task = asyncio.create_task(self._carry(self._present))
            self._stretches.add(task)
            task.add_done_callback(self._stretches.discard)
        if self._present is not None:
            self._present.add(pcm)

    def pause(self) -> None:
        """See the port."""
        if self._present:
            self._present.end()
        self._present = None

    def stop(self) -> None:
        """See the port."""
        if self._present:
            self._present.is_void = True
            self._present.end()
        self._present = None

    async def close(self) -> None:
        """Let what was played end, and cut what does not."""
        self.pause()
        if not self._stretches:
            return
        _, late = await asyncio.wait(self._stretches, timeout=self._place.watchdog_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _carry(self, stretch: "_Stretch") -> None:
        try:
            await stretch.run()
        except EngineFailed as error:
            self._note(error)
        else:
            self._note(None)
        finally:
            if self._present is stretch:
                self._present = None


class _Stretch:
    """One call. Its queue blocks nobody: when too much waits in it, the player is given up."""

    def __init__(self, channel: Any, place: Place) -> None:
        self._channel, self._place = channel, place
        self._pieces: asyncio.Queue[Speech | None] = asyncio.Queue()
        self.is_void = False
        """It must not sound to its end."""

    def add(self, pcm: Speech) -> None:
        """More of it."""
        self._pieces.put_nowait(pcm)

    def end(self) -> None:
        """No more of it."""
        self._pieces.put_nowait(None)

    async def run(self) -> None:
        """Carry it through. Raises EngineFailed."""
        # The method has one answer, but is called as if it had many: only so can its refusal be read while we still speak.
        open_call = self._channel.stream_stream(
            PUSH_AUDIO_STREAM.path, PUSH_AUDIO_STREAM.request.SerializeToString, PUSH_AUDIO_STREAM.response.FromString
        )
        call = open_call()
        answer = asyncio.create_task(call.read())
        try:
            await self._say_all(call, answer)
            if not self.is_void:
                async with asyncio.timeout(self._place.watchdog_s):
                    _believe(await answer)
        except TimeoutError as error:
            raise EngineFailed(f"said nothing for {self._place.watchdog_s * 1000:.0f} ms") from error
        except grpc.aio.AioRpcError as error:
            raise EngineFailed(f"broke off: {said(error)}") from error
        finally:
            call.cancel()
            answer.cancel()
            await asyncio.wait({answer})

    async def _say_all(self, call: Any, answer: asyncio.Task[Any]) -> None:
        """All pieces to the end, or until the player has spoken: whatever it says before the end is a refusal."""
        request = PUSH_AUDIO_STREAM.request
        start = request()
        start.start_marker.instance_name, start.start_marker.samplerate = self._place.player, VOICE_HZ
        try:
            await self._say(call, start)
            while (pcm := await self._next(answer)) is not None:
                await self._say(call, request(audio_data=_octets(pcm)))
            if not (self.is_void or answer.done()):
                await call.done_writing()
        except (asyncio.InvalidStateError, grpc.aio.AioRpcError):
            pass  # the call is over: its answer, which is awaited next, says why

    async def _next(self, answer: asyncio.Task[Any]) -> Speech | None:
        """The next piece, once it is there; None at the end, or when the player has answered."""
        if self._pieces.qsize() > QUEUED_PIECES:
            raise EngineFailed("does not take sound as fast as it sounds")
        piece = asyncio.create_task(self._pieces.get())
        await asyncio.wait({piece, answer}, return_when=asyncio.FIRST_COMPLETED)
        if not piece.done():
            piece.cancel()
            return None
        return piece.result()

    async def _say(self, call: Any, message: Any) -> None:
        async with asyncio.timeout(self._place.watchdog_s):
            await call.write(message)


def _believe(response: Any) -> None:
    if response is grpc.aio.EOF:
        raise EngineFailed("hung up without a word")
    if not response.success:
        raise EngineFailed(f"refuses the sound: {response.message or 'it does not say why'}")


def _octets(pcm: Speech) -> bytes:
    """float32 little-endian: int16 would be taken, too, and sound as noise."""
    return pcm.astype("<f4").tobytes()
