"""Plays a recorded visitor through the real kiosk socket, in real time, and measures what they had."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import msgspec

from rig.behaviour import behave
from rig.bus_tap import BusTap
from rig.camera import burst
from rig.keys_left import keys_left
from rig.kiosk_client import Kiosk, kiosk
from rig.options import Options, script_of
from rig.record.command import about_visit
from rig.record.manifest import Manifest
from rig.record.tape import Tape, engines_used
from rig.recording import Recording
from rig.supervisor import Mirror, first_cause, running_mirror
from rig.visitor import Visitor
from shared.errors import BadInput, EngineFailed
from shared.events import AnyEvent
from shared.redis_bus import RedisBus

BEGIN_PATIENCE_S = 30.0
END_PATIENCE_S = 60.0
"""Beyond the visit's own announced end: by then its watchdog has wiped it, or something is broken."""
LONGEST_S = 420.0

Progress = Callable[[str, float], None]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which mirror the visitor steps up to."""

    options: Options = Options(port=0)
    """Of the mirror to start, if `url` is empty."""
    url: str = ""
    token: str = ""
    redis_url: str = ""
    """Of the running mirror's bus; without it only what a kiosk can see is measured."""
    kiosk: str = "mirror"
    """Its name, where there are several."""
    is_taped: bool = False
    """Also take all streams down."""


class Rehearsal(msgspec.Struct, kw_only=True):
    """What came of it."""

    visitor: Visitor
    recording: Recording
    events: list[AnyEvent]
    wipe: dict[str, object]
    script: Path
    tape: Tape | None = None
    about: Manifest | None = None
    """Of the tape."""


async def rehearse(visitor: Visitor, place: Place, progress: Progress, *, keeps_pictures: bool) -> Rehearsal:
    """One visit, from stepping up to being forgotten.

    Raises:
        MirrorError: The mirror could not be started or reached, or the visit broke off.
    """
    async with AsyncExitStack() as stack:
        mirror: Mirror | None = None
        url, token, redis_url = place.url, place.token, place.redis_url
        if not url:
            progress("waking the mirror", 0.0)
            mirror = await stack.enter_async_context(running_mirror(place.options))
            url, token, redis_url = mirror.socket_url, mirror.kiosk_token, mirror.redis.url
        client = await stack.enter_async_context(
            kiosk(
                url,
                token,
                language=visitor.file.language,
                burst=burst(visitor.photo, 8),
                keeps_pictures=keeps_pictures,
                name=place.kiosk,
            )
        )
        bus = RedisBus(redis_url) if place.is_taped and redis_url else None
        tape = Tape(bus) if bus else None
        try:
            events = await _visit(client, visitor, redis_url, progress, tape)
        except BaseExceptionGroup as group:
            raise first_cause(group) from group
        about = None
        if bus:
            engines, script = await engines_used(bus), script_of(place.options)
            about = about_visit(client.recording.session, visitor.file.language, script, engines)
            await bus.close()
        wipe = await _wipe_of(client.recording, redis_url, mirror)
        return Rehearsal(
            visitor=visitor,
            recording=client.recording,
            events=events,
            wipe=wipe,
            script=script_of(place.options),
            tape=tape,
            about=about,
        )


async def _visit(
    client: Kiosk, visitor: Visitor, redis_url: str, progress: Progress, tape: Tape | None
) -> list[AnyEvent]:
    tap = BusTap(redis_url) if redis_url else None
    async with asyncio.TaskGroup() as group:
        devices = group.create_task(client.run())
        await _free(client)
        await client.approach()
        await _begun(client)
        beside = [group.create_task(behave(client, visitor)), group.create_task(_show(client, progress))]
        if tap:
            beside.append(group.create_task(tap.listen(client.recording.session)))
        if tape:
            beside.append(group.create_task(tape.take_down(client.recording.session)))
        try:
            async with asyncio.timeout(LONGEST_S):
                await client.is_over.wait()
        finally:
            for task in (*beside, devices):
                task.cancel()
    if client.recording.forgotten is None:
        reason = client.recording.closed_reason or f"nothing was forgotten after {LONGEST_S:.0f} s"
        raise EngineFailed(f"rehearse: the visit broke off: {reason}")
    return tap.events if tap else []


async def _free(client: Kiosk) -> None:
    """A mirror that somebody stands before is not taken from them: without its page we would be let in."""
    with suppress(TimeoutError):  # said below, as no visit begins
        async with asyncio.timeout(BEGIN_PATIENCE_S):
            await client.is_shown.wait()
    if client.recording.session:
        raise BadInput(
            "rehearse: somebody has a visit before this mirror; wait for its end, or choose another (--kiosk)"
        )


async def _begun(client: Kiosk) -> None:
    try:
        async with asyncio.timeout(BEGIN_PATIENCE_S):
            await client.has_begun.wait()
    except TimeoutError:
        pass  # said below, with what the session gave as its reason
    if not client.recording.session:
        why = "; ".join(f"{one.reason}: {one.detail}" for one in client.recording.refused)
        raise EngineFailed(f"rehearse: no visit began within {BEGIN_PATIENCE_S:.0f} s {why}".rstrip())


async def _show(client: Kiosk, progress: Progress) -> None:
    """A bar that runs with the visit."""
    began, recording = client.recording.approached_at, client.recording
    while True:
        length = max(1.0, recording.ends_at - began)
        progress(f"{client.look} {client.scene}".strip(), min(1.0, (client.now() - began) / length))
        await asyncio.sleep(0.2)


async def _wipe_of(recording: Recording, redis_url: str, mirror: Mirror | None) -> dict[str, object]:
    """What the receipt says is left, and what we find ourselves."""
    receipt = recording.forgotten
    found: dict[str, object] = {
        "keys_left": receipt.keys_left if receipt else None,
        "files_left": receipt.files_left if receipt else None,
        "after_s": round(recording.forgotten_at - recording.ends_at, 2),
    }
    if redis_url:
        found["keys_found"] = await keys_left(recording.session, redis_url)
    if mirror:
        files = await asyncio.to_thread(_files_with, recording.session, Path(mirror.logs))
        found["files_found"] = files
        found["files_left"] = (receipt.files_left if receipt else 0) + len(files)
    return found


def _files_with(session: str, folder: Path) -> list[str]:
    """Files of the running mirror in which a key of the session still stands: logs, and Redis' append-only file."""
    name = f"{{{session}}}".encode()
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and name in path.read_bytes()]
