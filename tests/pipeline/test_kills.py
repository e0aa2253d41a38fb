"""The real mirror with its embedded engines, a service killed with -9 in the middle of a visit: the visit goes on."""

import asyncio
import time
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from rig.options import Options
from rig.rehearse import Place, rehearse
from rig.supervisor import Mirror, running_mirror
from rig.visitor import read_visitor
from shared import events as ev
from shared import kiosk_wire as wire

pytestmark = [pytest.mark.visit, pytest.mark.slow, pytest.mark.redis, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parent.parent.parent
OPTIONS = Options(script=str(ROOT / "scripts" / "short.yaml"), port=0)
KILLS = ((20.0, "asr"), (32.0, "llm"), (44.0, "tts"), (52.0, "a2f_bridge"), (58.0, "faceswap"))
"""Seconds after the visitor stepped up: while hearing, answering, speaking, moving its lips, showing its face."""


async def kill_one_after_another(mirror: Mirror) -> None:
    began = time.monotonic()
    for after_s, name in KILLS:
        await asyncio.sleep(max(0.0, began + after_s - time.monotonic()))
        mirror.services[name].kill()


async def test_every_stage_may_die_in_one_visit_and_it_still_ends_on_time() -> None:
    async with running_mirror(OPTIONS) as mirror:
        place = Place(url=mirror.socket_url, token=mirror.kiosk_token, redis_url=mirror.redis.url)
        visitor = read_visitor(ROOT / "tests" / "visitors" / "talkative")
        killing = asyncio.create_task(kill_one_after_another(mirror))
        done = await rehearse(visitor, place, lambda _what, _share: None, keeps_pictures=False)
        await killing
        restarts = {name: service.restarts for name, service in mirror.services.items()}
    lines = [event.line for event in done.events if isinstance(event, ev.TurnTimed) and event.kind == "line"]
    last = done.recording.sounded[-1]
    ended_s = (last.at + len(last.pcm)) / 24_000 - done.recording.approached_at
    assert all(restarts[name] == 1 for _, name in KILLS)
    assert lines[-1] == "bye"
    assert ended_s == pytest.approx(75.0, abs=0.5)
    assert done.wipe["keys_left"] == 0


class Page:
    """As much of a kiosk as it takes to be served, lose the service, and come back."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror
        self.scene = wire.Scene(look="")
        self.spoken: list[wire.Speech] = []

    async def serve(self, seconds: float, *, approaches: bool = False) -> None:
        async with connect(self.mirror.socket_url, max_size=None) as socket:
            await socket.send(wire.encode(wire.Hello(token=self.mirror.kiosk_token, resume=self.scene.session)))
            if approaches:
                await socket.send(wire.encode(wire.Approach()))
            silence = asyncio.create_task(self._send_silence(socket))
            try:
                async with asyncio.timeout(seconds):
                    while True:
                        self._take(wire.decode_down(await socket.recv(decode=False)))
            except TimeoutError:
                pass
            finally:
                silence.cancel()

    async def _send_silence(self, socket: ClientConnection) -> None:
        for seq in range(10_000):
            await socket.send(wire.encode(wire.Audio(seq=seq, pcm=bytes(640))))
            await asyncio.sleep(0.02)

    def _take(self, message: wire.DownMessage) -> None:
        if isinstance(message, wire.Scene):
            self.scene = message
        elif isinstance(message, wire.Speech):
            self.spoken.append(message)


async def come_back(page: Page, look: str, seconds: float) -> None:
    """As the page does: knock until the service is there again, and listen for a while."""
    deadline = time.monotonic() + 20
    while page.scene.look != look and time.monotonic() < deadline:
        try:
            await page.serve(seconds)
        except (OSError, ConnectionClosed, InvalidHandshake):  # not up yet, or just going
            await asyncio.sleep(0.1)


async def test_the_session_service_may_die_twice_and_the_page_comes_back_to_the_same_scene() -> None:
    async with running_mirror(OPTIONS) as mirror:
        page = Page(mirror)
        serving = asyncio.create_task(page.serve(60, approaches=True))
        await asyncio.sleep(4)
        for _ in range(2):
            before, spoken_before = page.scene, len(page.spoken)
            mirror.services["session"].kill()
            with pytest.raises(ConnectionClosed):
                await serving
            page.scene = wire.Scene(look="", session=before.session)
            await come_back(page, before.look, 3)
            assert (page.scene.scene, page.scene.ends_at) == (before.scene, before.ends_at)
            assert len(page.spoken) > spoken_before, "it does not speak on"
            serving = asyncio.create_task(page.serve(60))
            await asyncio.sleep(1)
        serving.cancel()
        await asyncio.wait({serving})
