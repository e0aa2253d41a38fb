"""One visit to a mirror in containers that are disturbed meanwhile, by a kiosk that comes back when its line breaks."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random

from websockets.exceptions import WebSocketException

from rig.behaviour import behave
from rig.bus_tap import ALL_BUT_PICTURES, BusTap
from rig.camera import burst
from rig.chaos.check import check
from rig.chaos.lasting_kiosk import LastingKiosk, greeted
from rig.chaos.record import LATE, LOST, Fault, Noted, VisitRecord
from rig.containers.house import House
from rig.supervisor import first_cause
from rig.visitor import Visitor
from services.session.play import Play
from shared.errors import EngineFailed
from shared.events import FaceReady, VoiceReady

OVER_S = 40.0
"""Beyond the play's end."""

Beside = Callable[[LastingKiosk], Coroutine[None, None, None]]


async def nothing(_client: LastingKiosk) -> None:
    """What is done meanwhile, if others do it."""


async def visited(visitor: Visitor, play: Play, house: House, beside: Beside = nothing) -> tuple[LastingKiosk, BusTap]:
    """The visit, as it was had and as its streams tell of it.

    Raises:
        EngineFailed: Nobody answers, or no visit begins. And whatever `beside` raises.
        BadInput: We are refused.
    """
    try:
        socket = await greeted(house.url, house.token)
    except (OSError, WebSocketException, TimeoutError) as error:
        raise EngineFailed(
            f"containers: nobody answers at {house.url}; is the mirror up? (docker compose ps)"
        ) from error
    client = LastingKiosk(house.url, house.token, socket, burst(visitor.photo, 8), Random(1))
    tap = BusTap(house.redis_url, ALL_BUT_PICTURES)
    try:
        await _carried(client, tap, visitor, play, beside)
    except BaseExceptionGroup as group:
        raise first_cause(group) from group
    await client.close()
    return client, tap


async def _carried(client: LastingKiosk, tap: BusTap, visitor: Visitor, play: Play, beside: Beside) -> None:
    """From the first step to the last word, and to the end of what is done beside it."""
    async with asyncio.TaskGroup() as group:
        devices = group.create_task(client.run())
        await client.begin()
        tasks = [group.create_task(tap.listen(client.recording.session)), group.create_task(behave(client, visitor))]
        harm = asyncio.ensure_future(beside(client))
        harm.add_done_callback(lambda done: None if done.cancelled() or not done.exception() else client.is_over.set())
        try:
            async with asyncio.timeout(play.duration_s + OVER_S):
                await client.is_over.wait()
        except TimeoutError:
            pass  # the check says so: it never ended
        await asyncio.wait({harm})
        for task in (*tasks, devices):
            task.cancel()
    harm.result()


def faults_of(client: LastingKiosk, tap: BusTap, play: Play) -> list[Fault]:
    """What was lost, sounded twice or came out of order, by the streams and by the loudspeaker; what did not end, or was not forgotten."""
    return [*check(record_of(client, tap, play)), *_not_enrolled(tap)]


def record_of(client: LastingKiosk, tap: BusTap, play: Play) -> VisitRecord:
    """All that the check needs of a visit."""
    recording, receipt = client.recording, client.recording.forgotten
    return VisitRecord(
        session=recording.session,
        entries=[Noted(*entry) for entry in tap.entries],
        # What was said is left out: a hearing that guesses may cut it otherwise than it was said.
        sounded=client.loudspeaker.sounded,
        away=client.away,
        cuts=client.cuts,
        began_at=recording.approached_at,
        ends_at=recording.ends_at,
        must_say={scene.id: scene.must_say for scene in play.scenes},
        forgotten_at=recording.forgotten_at,
        keys_left=receipt.keys_left if receipt else 0,
        files_left=receipt.files_left if receipt else 0,
    )


def _not_enrolled(tap: BusTap) -> list[Fault]:
    """Whoever says yes gives a face and a voice, however the stages are treated."""
    ready = {type(note.event) for note in tap.entries}
    return [Fault(LOST, "enrolment", kind.__name__) for kind in (FaceReady, VoiceReady) if kind not in ready]


def is_slow(fault: Fault) -> bool:
    """Whether it is only that something was late, or not said at all: never that something was lost on its way, or came twice."""
    return fault.kind == LATE or (fault.kind == LOST and fault.rule in ("answers", "lines", "must_say", "enrolment"))
