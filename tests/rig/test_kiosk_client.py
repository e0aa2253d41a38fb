"""The kiosk without a screen does the page's part, against a session that does as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest

from rig.kiosk_client import Kiosk, kiosk
from shared import kiosk_wire as wire
from shared.errors import BadInput
from tests.support.rig_fake_session import TOKEN, FakeSession, fake_session


@asynccontextmanager
async def at_work() -> AsyncIterator[tuple[FakeSession, Kiosk]]:
    async with (
        fake_session() as session,
        kiosk(session.url, TOKEN, language="en", burst=[b"a", b"b"], keeps_pictures=True) as client,
    ):
        devices = asyncio.create_task(client.run())
        try:
            yield session, client
        finally:
            devices.cancel()
            with suppress(asyncio.CancelledError):
                await devices


async def test_the_microphone_never_skips_a_beat_and_never_stops() -> None:
    async with at_work() as (session, _):
        await session.until(lambda: len(session.all_of(wire.Audio)) >= 20)
        chunks = session.all_of(wire.Audio)
        assert [chunk.seq for chunk in chunks] == list(range(len(chunks)))
        assert {len(chunk.pcm) for chunk in chunks} == {640}
        assert np.all(np.diff([chunk.captured_at for chunk in chunks]) > 0)


async def test_what_the_visitor_says_is_on_the_wire_where_the_recording_says() -> None:
    async with at_work() as (session, client):
        await session.until(lambda: len(session.all_of(wire.Audio)) >= 3)
        spoken = await client.say("clip", "hello", np.full(3200, 0.5, np.float32))
        loud = [chunk for chunk in session.all_of(wire.Audio) if max(np.frombuffer(chunk.pcm, "<i2")) > 8000]
        assert len(loud) >= 9
        assert loud[0].captured_at - 0.02 == pytest.approx(spoken.began_at, abs=0.005)
        assert spoken.speech_ended_at - spoken.began_at == pytest.approx(0.2)


async def test_the_loudspeaker_tells_the_truth_and_the_end() -> None:
    async with at_work() as (session, client):
        await session.say(3, 0.35)
        await session.until(lambda: any(played.is_end for played in session.all_of(wire.Played)))
        played = session.all_of(wire.Played)
        assert played[0].sample == 0
        assert played[-1].sample == 8400
        assert played[-1].at - played[0].at == pytest.approx(0.35, abs=0.001)
        assert client.silence_s > 0


async def test_a_flush_is_answered_with_where_it_stopped() -> None:
    async with at_work() as (session, _):
        await session.say(3, 5.0)
        await session.until(lambda: any(played.sample > 0 for played in session.all_of(wire.Played)))
        await session.tell(wire.Flush(turn=3))
        await session.until(lambda: any(played.is_end for played in session.all_of(wire.Played)))
        assert 0 < session.all_of(wire.Played)[-1].sample < 5 * 24_000


async def test_every_picture_is_acknowledged_also_one_that_was_overtaken() -> None:
    async with at_work() as (session, client):
        await session.tell(*(wire.Frame(frame=number, jpeg=b"x", captured_at=0.0) for number in range(1, 6)))
        await session.until(lambda: len(session.all_of(wire.Shown)) == 5)
        assert sorted(shown.frame for shown in session.all_of(wire.Shown)) == [1, 2, 3, 4, 5]
        assert client.recording.shots[-1].frame == 5


async def test_a_burst_is_answered_with_that_many_pictures() -> None:
    async with at_work() as (session, _):
        await session.tell(wire.Capture(burst=2, frames=4, seconds=0.1))
        await session.until(lambda: len(session.all_of(wire.Camera)) == 4)
        shots = session.all_of(wire.Camera)
        assert [(shot.burst, shot.index, shot.is_last) for shot in shots] == [
            (2, 0, False),
            (2, 1, False),
            (2, 2, False),
            (2, 3, True),
        ]


async def test_the_visit_is_over_when_it_is_forgotten() -> None:
    async with at_work() as (session, client):
        await client.approach()
        await session.until(lambda: bool(session.all_of(wire.Approach)))
        await session.tell(wire.Scene(look="consent", session="s"))
        await client.has_begun.wait()
        await session.tell(wire.Forgotten(session="s", keys_left=0, files_left=0, at=1.0))
        await client.is_over.wait()
        assert client.recording.session == "s"
        assert client.recording.forgotten is not None


async def test_a_wrong_token_is_a_clear_error() -> None:
    async with fake_session() as session:
        with pytest.raises(BadInput, match="refuses us: token: wrong"):
            async with kiosk(session.url, "wrong", language="en", burst=[], keeps_pictures=False):
                pass


async def test_nobody_at_the_address_is_a_clear_error(unused_tcp_port: int) -> None:
    with pytest.raises(BadInput, match="no session service at"):
        async with kiosk(f"ws://127.0.0.1:{unused_tcp_port}", "t", language="en", burst=[], keeps_pictures=False):
            pass
