"""One call of Audio2Face-3D: sound goes in, what comes back is read beside it to the very end."""

import asyncio
import logging
from typing import Any

import grpc
import numpy as np

from services.a2f_bridge.blendshapes import COUNT, NAMES, POSE_HZ, Poses
from services.a2f_bridge.engines.audio2face_wire import Announced, Frames, Verdict, answer
from services.a2f_bridge.engines.grpc_peer import said
from services.a2f_bridge.frame_track import FrameTrack
from shared.errors import EngineFailed

LOG = logging.getLogger(__name__)

BEHIND_S = 1.0
"""A peer that falls further behind real time than this will not catch up."""
FAREWELL_S = 3.0
"""After all poses have come, how long the rest of the answer may take before the line is cut."""


class Clip:
    """The frames of one clause, as they come. A call is read to its end: an answer left unread blocks the peer."""

    def __init__(self, call: Any, watchdog_s: float, behind_s: float = BEHIND_S) -> None:
        """`call` is a stream-stream call of grpc.aio, begun; it may fall `behind_s` behind real time."""
        self._call = call
        self._watchdog_s, self._behind_s = watchdog_s, behind_s
        self._patience_s = behind_s
        """How much further behind it may fall: what it made faster than real time counts for it, up to where it began."""
        self._track: FrameTrack | None = None
        self._failure: EngineFailed | None = None
        self._is_over = False
        self.is_let_go = False
        """All that matters has come."""
        self._news = asyncio.Event()
        self.reader = asyncio.create_task(self._read())

    async def say(self, message: Any) -> None:
        """One message to the peer. Raises EngineFailed: it does not take it."""
        await self._write(self._call.write(message))

    async def say_no_more(self) -> None:
        """No message follows. Raises EngineFailed."""
        await self._write(self._call.done_writing())

    async def hear(self, poses: int) -> None:
        """Wait until so many poses are final.

        Raises:
            EngineFailed: The peer said so, ended, fell silent, or fell behind real time.
        """
        now, before = asyncio.get_running_loop().time, self._final
        began = now()
        try:
            async with asyncio.timeout(max(0, poses - before) / POSE_HZ + self._patience_s):
                while self._final < poses and not self._is_over:
                    await self._next_message()
        except TimeoutError:
            raise self._broken(f"is slower than real time: {self._final} of {poses} poses") from None
        gained_s = (self._final - before) / POSE_HZ - (now() - began)
        self._patience_s = min(self._behind_s, self._patience_s + gained_s)
        if self._failure and self._final < poses:
            raise self._failure

    async def _next_message(self) -> None:
        self._news.clear()
        try:
            async with asyncio.timeout(self._watchdog_s):
                await self._news.wait()
        except TimeoutError:
            raise self._broken(
                f"said nothing for {self._watchdog_s * 1000:.0f} ms while it owed poses; if it always does, raise look_ahead_ms"
            ) from None

    def take(self) -> Poses:
        """The poses that became final since the last time. Raises EngineFailed if the peer ended while more was to come."""
        if self._is_over:
            raise self._failure or self._broken("ended in the middle of a clip")
        return self._track.take() if self._track else np.zeros((0, COUNT), np.float32)

    def rest(self, poses: int) -> Poses:
        """The rest of so many poses in all. Raises EngineFailed: too many of them never came."""
        try:
            return (self._track or FrameTrack(NAMES)).rest(poses)
        except EngineFailed as error:
            raise self._broken(str(error)) from None

    def let_go(self) -> None:
        """All that matters has come: the rest is read and forgotten."""
        self.is_let_go = True
        asyncio.get_running_loop().call_later(FAREWELL_S, self.cancel)

    def cancel(self) -> None:
        """Nobody wants the rest."""
        self._call.cancel()

    @property
    def _final(self) -> int:
        return self._track.final if self._track else 0

    def _broken(self, what: str) -> EngineFailed:
        self._failure = self._failure or EngineFailed(what)
        self._call.cancel()
        return self._failure

    async def _write(self, writing: Any) -> None:
        try:
            async with asyncio.timeout(self._watchdog_s):
                await writing
        except TimeoutError:
            raise self._broken(f"took no sound for {self._watchdog_s * 1000:.0f} ms") from None
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            raise self._broken("was cut off by us") from error  # grpc says it of the call as if it were our own task
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError) as error:
            await asyncio.wait({self.reader}, timeout=self._watchdog_s)  # the reason stands in what it said last
            raise self._failure or self._broken(f"hung up: {said(error)}") from error

    async def _read(self) -> None:
        try:
            while (message := await self._call.read()) is not grpc.aio.EOF:
                self._note(message)
                self._news.set()
        except grpc.aio.AioRpcError as error:
            self._failure = self._failure or EngineFailed(f"broke off: {said(error)}")
        except EngineFailed as error:
            self._broken(str(error))
        finally:
            self._is_over = True
            self._news.set()

    def _note(self, message: Any) -> None:
        match answer(message):
            case Announced(names):
                self._track = FrameTrack(names)
            case Frames(rows):
                if self._track is None:
                    raise EngineFailed("sent frames before it named their columns")
                for time_s, values in rows:
                    self._track.add(time_s, values)
            case Verdict("error", text):
                raise EngineFailed(f"reports an error: {text}")
            case Verdict(severity, text) if severity != "success":
                LOG.warning("audio2face remarked on a clip", extra={"severity": severity, "remark": text})
            case _:
                pass
