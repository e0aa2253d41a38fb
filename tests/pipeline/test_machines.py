"""Two mirrors on one rig, and a mirror on two machines: the real processes, engines that only wait, visits in real time."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx2
import pytest
from websockets.asyncio.client import connect

from rig.bench import PLAY, SETTINGS, _heard, _speech
from rig.bus_tap import BusTap
from rig.children import die_with_parent, stop
from rig.kiosk_client import Kiosk, kiosk
from rig.options import Options, plan
from rig.rehearse import Place, rehearse
from rig.service import ROOT
from rig.supervisor import Mirror, running_mirror
from rig.visitor import read_visitor
from shared.errors import BadInput
from shared.events import AnyEvent, Heartbeat, PoseTrack, SpeechChunk, SpeechDue, decode
from shared.redis_bus import RedisBus
from shared.streams import STAGES, START, key
from tests.support.redis_kinds import GuardedRedis

pytestmark = [pytest.mark.visit, pytest.mark.redis, pytest.mark.timeout(120)]

LEFT_AND_RIGHT = (*SETTINGS, 'session.kiosks=["left", "right"]')
SILENT = ROOT / "tests" / "visitors" / "silent"
AHEAD_S = 5_000
"""How far the other machine's monotonic clock is ahead of ours."""


@asynccontextmanager
async def visitor(mirror: Mirror, name: str = "mirror") -> AsyncIterator[Kiosk]:
    """Stands before a mirror; the visit has begun."""
    async with (
        kiosk(
            mirror.socket_url, mirror.kiosk_token, language="en", burst=[], keeps_pictures=False, name=name
        ) as client,
        asyncio.TaskGroup() as group,
    ):
        devices = group.create_task(client.run())
        await client.approach()
        async with asyncio.timeout(20):
            await client.has_begun.wait()
        assert client.recording.session, client.recording.refused
        yield client
        devices.cancel()


async def speaks(client: Kiosk, times: int) -> None:
    await _heard(client, after=client.recording.approached_at)
    for _ in range(times):
        spoken = await client.say("noise", "yes", _speech())
        await _heard(client, after=spoken.speech_ended_at)


async def operator(mirror: Mirror, *orders: tuple[str, str]) -> dict[str, dict[str, object]]:
    """Give orders; what the page shows of each kiosk half a second later."""
    url = mirror.operator_url.replace("http", "ws").replace("/operator?", "/operator/socket?")
    async with connect(url) as socket:
        for name, action in orders:
            await socket.send(json.dumps({"type": "command", "kiosk": name, "action": action}))
        for _ in range(4):
            state = json.loads(await socket.recv())
    return {row["kiosk"]: row for row in state["kiosks"]}


@contextmanager
def processes(mirror: Mirror, options: Options, *stages: str, launcher: tuple[str, ...]) -> Iterator[None]:
    """More stages of a running mirror, each a process of its own."""
    environment = {**plan(options, os.environ).environment, "REDIS_URL": mirror.redis.url}
    running = [
        subprocess.Popen(
            [*launcher, sys.executable, "-m", f"services.{stage}"],
            env=environment, cwd=ROOT, preexec_fn=die_with_parent, stderr=subprocess.DEVNULL,
        )
        for stage in stages
    ]  # fmt: skip
    try:
        yield
    finally:
        for process in running:
            stop(process)


@asynccontextmanager
async def two_mirrors() -> AsyncIterator[Mirror]:
    """One house, a pair for each face."""
    async with running_mirror(Options(port=0, script=str(PLAY), sets=LEFT_AND_RIGHT, mirrors=2)) as mirror:
        await _until_all_are_there(mirror)
        yield mirror


async def _sessions(mirror: Mirror) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Stage and its kiosks -> the visits it has, by its newest heartbeat, of workers that are warm."""
    bus = RedisBus(mirror.redis.url)
    beats = [decode(entry.payload) for entry in await bus.range(STAGES, START)]
    await bus.close()
    return {
        (beat.stage, *beat.kiosks): beat.sessions
        for beat in beats
        if isinstance(beat, Heartbeat) and beat.state == "ready"
    }


async def test_two_visitors_before_two_mirrors_each_have_a_visit_of_their_own() -> None:
    async with (
        two_mirrors() as mirror,
        visitor(mirror, "left") as left,
        visitor(mirror, "right") as right,
    ):
        taps = [BusTap(mirror.redis.url), BusTap(mirror.redis.url)]
        listening = [
            asyncio.create_task(tap.listen(one.recording.session)) for tap, one in zip(taps, (left, right), strict=True)
        ]
        await asyncio.gather(speaks(left, 2), speaks(right, 1))
        has = await _sessions(mirror)
        mine, other = (left.recording.session,), (right.recording.session,)
        assert has["faceswap", "left"] == has["a2f_bridge", "left"] == mine
        assert has["faceswap", "right"] == has["a2f_bridge", "right"] == other
        assert set(has["tts",]) == {*mine, *other}
        rows = await operator(mirror, ("left", "hold"))
        assert {name: (row["session"], row["holding"]) for name, row in rows.items()} == {
            "left": (left.recording.session, True),
            "right": (right.recording.session, False),
        }
        rows = await operator(mirror, ("right", "stop"))
        assert (rows["left"]["session"], rows["right"]["session"]) == (left.recording.session, "")
        for task in listening:
            task.cancel()
    for tap, one in zip(taps, (left, right), strict=True):
        turns = {event.turn for event in tap.events if isinstance(event, SpeechChunk)}
        assert {event.session for event in tap.events} == {one.recording.session}
        assert one.loudspeaker.sounded
        assert len(turns) >= 2


async def test_a_rehearsal_before_a_mirror_that_is_not_there_or_is_taken_is_refused_with_the_reason() -> None:
    options = Options(port=0, script=str(PLAY), sets=LEFT_AND_RIGHT, stages=("session",))
    async with (
        running_mirror(options) as mirror,
        kiosk(mirror.socket_url, mirror.kiosk_token, language="en", burst=[], keeps_pictures=False, name="left"),
    ):
        for name, reason in (("middle", "left, right"), ("left", "has a page already")):
            place = Place(options=options, url=mirror.socket_url, token=mirror.kiosk_token, kiosk=name)
            with pytest.raises(BadInput, match=reason):
                await rehearse(read_visitor(SILENT), place, lambda _what, _share: None, keeps_pictures=False)


AHEAD = ("unshare", "--user", "--map-root-user", "--time", "--monotonic", str(AHEAD_S))


def skip_without_time_namespaces() -> None:
    if not shutil.which("unshare") or subprocess.run([*AHEAD, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no time namespaces here: a second machine's clock cannot be had")


async def test_stages_on_another_machine_keep_the_houses_time_over_a_guarded_redis() -> None:
    skip_without_time_namespaces()
    options = Options(port=0, script=str(PLAY), sets=SETTINGS, stages=("asr", "llm", "session"))
    async with running_mirror(options, redis=GuardedRedis) as mirror:
        with processes(mirror, options, "tts", "a2f_bridge", "faceswap", launcher=AHEAD):
            await _until_all_are_there(mirror)
            async with visitor(mirror) as client:
                await speaks(client, 2)
                found = await _events(mirror, client.recording.session)
    now = asyncio.get_running_loop().time()
    assert all(abs(event.at - now) < 120 for event in found if event.at), "an event has its own machine's time"
    assert {type(event) for event in found} >= {SpeechChunk, PoseTrack, SpeechDue}
    assert client.loudspeaker.sounded


async def _until_all_are_there(mirror: Mirror) -> None:
    """The board knows them by their heartbeats, which must not look old."""
    url = mirror.socket_url.replace("ws:", "http:").replace("/kiosk/socket", "/health")
    async with asyncio.timeout(30):
        while (await asyncio.to_thread(_get, url)).get("missing") != []:
            await asyncio.sleep(0.2)


def _get(url: str) -> dict[str, object]:
    return dict(httpx2.get(url).json())


async def _events(mirror: Mirror, session: str) -> list[AnyEvent]:
    bus = RedisBus(mirror.redis.url)
    streams = ("control", "voice", "face", "playback")
    found = [decode(entry.payload) for name in streams for entry in await bus.range(key(session, name), START)]
    await bus.close()
    return found
