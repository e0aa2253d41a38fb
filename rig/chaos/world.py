"""The mirror that is disturbed: the six real services with engines that only wait, and a visitor before it."""

import asyncio
from pathlib import Path
from random import Random

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from rig.bus_tap import ALL_BUT_PICTURES, BusTap
from rig.camera import burst
from rig.chaos.disturb import Disturber, Mark
from rig.chaos.lasting_kiosk import BEGIN_S, LastingKiosk, greeted
from rig.chaos.plan import AWAY, FAREWELL, Disturbance, next_of
from rig.chaos.record import Burst, Noted, VisitRecord
from rig.chaos.visitor import converse
from rig.keys_left import keys_left
from rig.options import Options
from rig.recording import Shot
from rig.service import ROOT
from rig.supervisor import Mirror
from rig.waiting import WAITING
from services.session.play import Play, parse_play
from shared.errors import BadInput, EngineFailed

PLAY = Path(__file__).with_name("play.yaml")
PORTRAIT = ROOT / "services" / "faceswap" / "sources" / "stand_in" / "portrait.jpg"

SETTINGS = (
    *WAITING,
    "asr.patience_s.yes_no=[0.192, 0.256]",
    'llm.options.scripted.replies=[[{text = "Go on. ", wait_s = 0.3}, {text = "I am listening to you.", wait_s = 0.1}]]',
    "faceswap.fps=12",
    "faceswap.width=320",
    "faceswap.height=240",
    "faceswap.source_options.stand_in.live_link_listen=127.0.0.1:0",  # one a replica; poses are counted by us
    "a2f_bridge.idle_hz=0",
    "session.capture_frames=2",
    "session.capture_s=0.3",
    "session.farewell_s=0.5",
)

LAUNCHER = ("rig.chaos.jumping",)
"""Starts every service with a wall clock that can jump."""

OVER_S = 40.0
"""Beyond the play's end: its watchdog would have wiped it, or something is broken."""

LOOK_S = 0.05
BEFORE_ANSWERS = ("threshold", "look", "question")
"""Scenes in which enrolling is still to come, or is being done."""

LAST_CALL_S = 5.0
"""So near the end nothing is begun any more but what is done in the farewell, which then comes."""
FAREWELL_S = 2.0
"""Within so much of it: it lasts 2.4 s or more."""


def options(replicas: dict[str, int], live_link: str, launcher: tuple[str, ...] = ()) -> Options:
    """Of the mirror that is disturbed; its face is sent to `live_link`."""
    sets = (*SETTINGS, f"a2f_bridge.live_link={live_link}")
    return Options(port=0, script=str(PLAY), sets=sets, replicas=replicas, launcher=(*LAUNCHER, *launcher))


def play() -> Play:
    """The play it gives."""
    parsed, problems = parse_play(PLAY.read_text(encoding="utf-8"), PLAY.name)
    if parsed is None:
        raise EngineFailed(f"chaos: {PLAY.name}: {problems[0]}")
    return parsed


class DisturbedVisit:
    """One visit and what was done to it."""

    def __init__(self, mirror: Mirror, play: Play, random: Random) -> None:
        self._mirror = mirror
        self._play = play
        self._random = random
        self.marks: list[Mark] = []
        self.shots: list[Shot] = []

    async def run(self, wanted: list[Disturbance]) -> tuple[VisitRecord, list[Disturbance]]:
        """Carry a visit through, and disturb it meanwhile. Returns the record and what there was no time for.

        Raises:
            EngineFailed: No visit could begin.
        """
        socket = await self._greeted()
        photo = burst(PORTRAIT.read_bytes(), 2)
        client = LastingKiosk(self._mirror.socket_url, self._mirror.kiosk_token, socket, photo, self._random)
        tap, left = BusTap(self._mirror.redis.url, ALL_BUT_PICTURES), list(wanted)
        async with asyncio.TaskGroup() as group:
            devices = group.create_task(client.run())
            await client.begin()
            tapping = group.create_task(tap.listen(client.recording.session))
            talking = group.create_task(converse(client, self._random))
            disturbing = group.create_task(self._disturb(client, left))
            try:
                async with asyncio.timeout(self._play.duration_s + OVER_S):
                    await client.is_over.wait()
            except TimeoutError:
                pass  # the check says so: it never ended
            await asyncio.wait({disturbing}, timeout=OVER_S)  # what was done to the last word is over, too
            for task in (talking, disturbing, devices, tapping):
                task.cancel()
        await client.close()
        return await self._record(client, tap), left

    async def _greeted(self) -> ClientConnection:
        """Before the mirror, as soon as it is up: the visit before may have ended in a disturbance."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + BEGIN_S
        while True:
            try:
                return await greeted(self._mirror.socket_url, self._mirror.kiosk_token)
            except (OSError, WebSocketException, TimeoutError, BadInput) as error:
                if loop.time() > give_up_at:
                    raise EngineFailed(f"chaos: no kiosk is let in within {BEGIN_S:.0f} s: {error}") from error
            await asyncio.sleep(0.3)

    async def _disturb(self, client: LastingKiosk, left: list[Disturbance]) -> None:
        disturber = Disturber(self._mirror, client)
        self.marks = disturber.marks
        try:
            while left and not client.is_over.is_set():
                last_call = client.recording.ends_at - LAST_CALL_S
                is_ending, has_enrolled = client.now() > last_call, client.scene not in ("", *BEFORE_ANSWERS)
                wanted = next_of(left, has_enrolled=has_enrolled, is_ending=is_ending)
                if wanted is None:
                    await asyncio.sleep(LOOK_S)  # nothing fits; the farewell may come
                elif wanted.state == FAREWELL:
                    if await self._in_the_farewell(disturber, wanted, client):
                        left.remove(wanted)
                    return
                elif await disturber.disturb(wanted, until=last_call):
                    left.remove(wanted)
        finally:
            await disturber.close()

    async def _in_the_farewell(self, disturber: Disturber, wanted: Disturbance, client: LastingKiosk) -> bool:
        ends_at = client.recording.ends_at + LAST_CALL_S
        if not await disturber.state_comes(FAREWELL, ends_at):
            return False
        await asyncio.sleep(self._random.uniform(0.0, FAREWELL_S))
        return await disturber.disturb(wanted, until=ends_at)

    async def _record(self, client: LastingKiosk, tap: BusTap) -> VisitRecord:
        recording = client.recording
        self.shots = recording.shots
        poisons = {mark.poison for mark in self.marks if mark.poison}
        receipt = recording.forgotten
        return VisitRecord(
            session=recording.session,
            entries=[Noted(*entry, (entry.stream, entry.id) in poisons) for entry in tap.entries],
            spoken=[Burst(one.began_at, one.speech_ended_at) for one in recording.spoken],
            sounded=client.loudspeaker.sounded,
            away=client.away,
            cuts=client.cuts,
            began_at=recording.approached_at,
            ends_at=recording.ends_at,
            must_say={scene.id: scene.must_say for scene in self._play.scenes},
            closing_lines=frozenset(
                line for scene in self._play.scenes if scene.kind == "coda" for line in scene.must_say
            ),
            forgotten_at=recording.forgotten_at,
            keys_left=(receipt.keys_left if receipt else 0)
            + (await keys_left(recording.session, self._mirror.redis.url) or 0),
            files_left=await asyncio.to_thread(_files_with, recording.session, Path(self._mirror.logs)),
            poisons=len(poisons),
            was_left=any(mark.disturbance.kind == AWAY for mark in self.marks),
        )


def _files_with(session: str, folder: Path) -> int:
    """Files of the running mirror in which a key of the session stands: logs, and Redis' append-only file."""
    name = f"{{{session}}}".encode()
    found = 0
    for path in folder.rglob("*"):
        try:
            found += path.is_file() and name in path.read_bytes()
        except OSError:  # rewritten meanwhile
            continue
    return found
