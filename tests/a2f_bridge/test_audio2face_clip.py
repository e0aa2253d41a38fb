"""How patient one clip is with its peer, in virtual time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

pytest.importorskip("grpc", reason="grpcio is not installed")

import grpc

from services.a2f_bridge.blendshapes import NAMES
from services.a2f_bridge.engines.audio2face_clip import BEHIND_S, FAREWELL_S, Clip
from services.a2f_bridge.engines.protos import PROCESS_AUDIO_STREAM
from shared.errors import EngineFailed
from tests.support.virtual_time import run_virtual

WATCHDOG_S = 0.4


class FakeCall:
    """A peer that makes a frame every so often, whatever it hears."""

    def __init__(self, frame_s: float, frames: int = 10**6) -> None:
        self.frame_s, self._frames = frame_s, frames
        self._made = -1
        self.cancelled_at = 0.0

    async def read(self) -> Any:
        message = PROCESS_AUDIO_STREAM.response()
        if self._made < 0:
            message.animation_data_stream_header.skel_animation_header.blend_shapes.extend(NAMES)
        elif self._made == self._frames:
            return grpc.aio.EOF
        else:
            await asyncio.sleep(self.frame_s)
            row = message.animation_data.skel_animation.blend_shape_weights.add()
            row.time_code = self._made / 30
            row.values.extend([0.0] * len(NAMES))
        self._made += 1
        return message

    async def write(self, _message: Any) -> None:
        return

    def cancel(self) -> None:
        self.cancelled_at = asyncio.get_running_loop().time()


def live(call: FakeCall, scene: Callable[[Clip], Coroutine[Any, Any, None]]) -> float:
    """How many seconds a scene takes."""

    async def main() -> float:
        began = asyncio.get_running_loop().time()
        clip = Clip(call, WATCHDOG_S)
        try:
            await scene(clip)
        finally:
            clip.reader.cancel()
            await asyncio.wait({clip.reader})
        return asyncio.get_running_loop().time() - began

    return run_virtual(main())


async def speak(clip: Clip, seconds: float, begin: float = 0.0) -> None:
    """Speech 100 ms after 100 ms: each waits for the poses of what was said."""
    for poses in range(round(begin * 60) + 6, round((begin + seconds) * 60) + 1, 6):
        await clip.hear(poses)


def test_a_peer_as_fast_as_speech_is_waited_for_however_long_the_clause() -> None:
    assert live(FakeCall(1 / 30), lambda clip: speak(clip, 20.0)) == pytest.approx(20.0, abs=0.1)


def test_a_peer_that_is_always_a_little_slower_is_given_up_a_second_behind() -> None:
    async def scene(clip: Clip) -> None:
        with pytest.raises(EngineFailed, match="slower than real time"):
            await speak(clip, 60.0)

    assert live(FakeCall(1.25 / 30), scene) == pytest.approx(5 * BEHIND_S, abs=0.3)


def test_what_it_was_ahead_is_not_saved_up_for_later() -> None:
    call = FakeCall(0.001)

    async def scene(clip: Clip) -> None:
        await speak(clip, 10.0)  # ten seconds of speech in a fraction of one
        call.frame_s = 2 / 30
        with pytest.raises(EngineFailed, match="slower than real time"):
            await speak(clip, 60.0, begin=10.0)

    assert live(call, scene) == pytest.approx(2 * BEHIND_S, abs=0.6)


def test_the_watchdog_barks_at_silence_and_not_at_slowness() -> None:
    async def scene(clip: Clip) -> None:
        with pytest.raises(EngineFailed, match="said nothing for 400 ms while it owed poses"):
            await clip.hear(6)

    assert live(FakeCall(10.0), scene) == pytest.approx(WATCHDOG_S, abs=0.01)


def test_an_end_before_the_end_is_a_failure() -> None:
    async def scene(clip: Clip) -> None:
        await clip.hear(3)
        await clip.hear(60)
        with pytest.raises(EngineFailed, match="ended in the middle"):
            clip.take()

    live(FakeCall(0.001, frames=5), scene)


def test_a_clip_that_is_complete_is_read_on_for_a_while_and_then_cut() -> None:
    call = FakeCall(1.0)

    async def scene(clip: Clip) -> None:
        clip.let_go()
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(FAREWELL_S + 1.0)
        assert call.cancelled_at == pytest.approx(began + FAREWELL_S)

    live(call, scene)
