"""Waits for visits and keeps those that may be kept. Nothing is read of a visit but its play log before the visitor agreed."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from rig.record.consent import RECORDING, Consent
from rig.record.manifest import Manifest, sha256_of, software
from rig.record.tape import PICTURES_HZ, READ_WAIT_S, Tape, engines_used
from rig.record.write import write_recording
from services.session.play import Play
from shared.bus import Bus, Entry
from shared.errors import BadInput, BusUnavailable
from shared.events import PlayTold, SessionClosed, SessionOpened, understood
from shared.streams import SESSIONS, START, StreamId, key

Tell = Callable[[str], None]
"""Says one line to the operator; never a word of a visitor."""


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator wants."""

    folder: Path
    """Where recordings go."""
    play: Play
    script: Path
    licence: str
    visits: int = 0
    """End after so many; 0: never."""


class Watcher:
    """One operator's switch, turned on."""

    def __init__(self, bus: Bus, watch: Watch, tell: Tell) -> None:
        self._bus = bus
        self._watch = watch
        self._tell = tell
        self._listening: dict[str, asyncio.Task[None]] = {}
        self._listeners: dict[str, _Listener] = {}
        self.kept: list[Path] = []
        self.not_kept = 0

    async def run(self) -> None:
        """Until cancelled, or as many visits are over as were wished."""
        after = await self._take_up_open_visits()
        try:
            while not self._watch.visits or len(self.kept) + self.not_kept < self._watch.visits:
                try:
                    entries = await self._bus.read({SESSIONS: after}, wait_s=READ_WAIT_S)
                except BusUnavailable:
                    await asyncio.sleep(READ_WAIT_S)
                    continue
                for entry in entries:
                    after = entry.id
                    await self._hear_of(entry)
        finally:
            for task in self._listening.values():
                task.cancel()
            await asyncio.gather(*self._listening.values(), return_exceptions=True)
            for listener in self._listeners.values():
                listener.tape.forget()

    async def _take_up_open_visits(self) -> StreamId:
        """Listen to visits that began before us; returns the id of the last event about any."""
        past = await self._bus.range(SESSIONS, START)
        events = [(entry, understood(entry.payload)) for entry in past]
        closed = {event.session for _, event in events if isinstance(event, SessionClosed)}
        for entry, event in events:
            if isinstance(event, SessionOpened) and event.session not in closed:
                await self._hear_of(entry)
        return past[-1].id if past else START

    async def _hear_of(self, entry: Entry) -> None:
        match understood(entry.payload):
            case SessionOpened() as opened if opened.script == self._watch.play.id:
                listener = _Listener(self._bus, opened, self._watch.play)
                self._listeners[opened.session] = listener
                self._listening[opened.session] = asyncio.create_task(listener.run())
            case SessionOpened() as opened:
                self._tell(f"a visit with another play ({opened.script}) is not recorded")
            case SessionClosed() as closed if closed.session in self._listeners:
                await self._decide(closed)
            case _:
                pass

    async def _decide(self, closed: SessionClosed) -> None:
        task, listener = self._listening.pop(closed.session), self._listeners.pop(closed.session)
        if not task.done():
            await asyncio.sleep(READ_WAIT_S)  # what was written last; the keys stand for 0.3 s more
            task.cancel()
        await asyncio.wait({task})
        trouble = None if task.cancelled() else task.exception()
        if trouble or not listener.tape.moments or not listener.consent.may_keep(closed.reason):
            listener.tape.forget()
            self.not_kept += 1
            if trouble:
                self._tell(f"not kept: the visit could not be followed ({type(trouble).__name__})")
                return
            self._tell(
                f"not kept: the visit ended {closed.reason or 'unknown'}, without a yes to being recorded that still holds"
            )
            return
        path = await self._keep(listener)
        listener.tape.forget()
        self.kept.append(path)
        self._tell(f"kept: {path}")

    async def _keep(self, listener: "_Listener") -> Path:
        opened = listener.opened
        manifest = Manifest(
            session=opened.session,
            language=opened.language,
            script=opened.script,
            script_sha256=await asyncio.to_thread(sha256_of, self._watch.script),
            consent=f"spoken: {RECORDING}",
            licence=self._watch.licence,
            version=software(),
            engines=await engines_used(self._bus),
            pictures_hz=PICTURES_HZ,
        )
        path = self._watch.folder / f"{datetime.now(UTC):%Y-%m-%d}-{opened.session}.mcap"
        await asyncio.to_thread(write_recording, path, manifest, listener.tape.moments)
        return path


class _Listener:
    """One visit: first its play log alone, and all of it from the moment the visitor has agreed."""

    def __init__(self, bus: Bus, opened: SessionOpened, play: Play) -> None:
        self._bus = bus
        self.opened = opened
        self.consent = Consent(play, opened.language)
        self.tape = Tape(bus)

    async def run(self) -> None:
        name, after = key(self.opened.session, "play"), START
        taking: asyncio.Task[None] | None = None
        try:
            while True:
                with suppress(BusUnavailable):
                    for entry in await self._bus.read({name: after}, wait_s=READ_WAIT_S):
                        after = entry.id
                        event = understood(entry.payload)
                        if isinstance(event, PlayTold):
                            self.consent.hear(event)
                if self.consent.is_given and taking is None:
                    taking = asyncio.create_task(self.tape.take_down(self.opened.session))
        finally:
            if taking:
                taking.cancel()
                await asyncio.wait({taking})


def require_folder(folder: Path) -> None:
    """Raise BadInput if nothing can be kept there: better now than after a visit."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"record: cannot make {folder} ({error.strerror}); give another folder") from error
    if not folder.is_dir():
        raise BadInput(f"record: {folder} is no folder; give another")
