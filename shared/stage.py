"""What a stage is, and what it is given. The runner in `shared/runner.py` does everything else.

A stage is a worker process for one step of the pipeline. For every visit it holds, it opens one `VisitWorker`. The runner
reads the stage's input streams in order, drops what is stale, hands each event to `handle`, cancels `handle` when its event
becomes stale, moves the checkpoint when `handle` returns, tries again (at most three times) when it raises, and then moves
the event to the dead-letter stream. Control events overtake: they reach `overhear` at once, also while `handle` is busy.
"""

from collections.abc import Sequence
from typing import ClassVar, Protocol, runtime_checkable

import msgspec

from shared.clock import Clock
from shared.events import AnyEvent, Event
from shared.streams import START, StreamId


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage says of its engine once it is warm."""

    engine: str
    device: str = "cpu"
    version: str = ""
    warm_s: float = 0.0
    """Seconds from the start of loading to the end of the first real inference."""
    is_degraded: bool = False
    """It works, but not as configured: a fallback speaks, a language is missing."""
    fallbacks: int = 0
    """How often a fallback stepped in."""
    last_error: str = ""
    detail: str = ""
    """What else is worth seeing while all is well, in one line: `1280x720, 24.0 fps, 8 ms`."""
    is_lost: bool = False
    """It works no more in this process, whatever is tried: the runner ends it, and whoever keeps it starts it again."""


class Outlet(Protocol):
    """Where a visit's worker puts what it made."""

    async def publish(self, *events: Event) -> None:
        """Add events to their streams atomically, in order. Session, and `at` if it is 0, are filled in.

        Stale events are dropped here (older epoch, discarded revision), except end markers.

        Raises:
            Fenced: Another worker has this visit now; the runner ends this worker.
        """
        ...

    async def checkpoint(self, event: AnyEvent) -> None:
        """Everything of `event`'s stream up to it is done with. Only for workers with `holds_checkpoint`."""
        ...

    async def tail(self, stream: str) -> StreamId:
        """Id of the last event in one of this session's streams."""
        ...

    async def recall(self, stream: str, after: StreamId = START) -> list[AnyEvent]:
        """Past events of one of this session's streams, as far as they can be read: to rebuild after a restart what must be known."""
        ...


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One visit as a stage sees it."""

    session: str
    language: str
    outlet: Outlet
    clock: Clock


class VisitWorker(Protocol):
    """A stage's work for one visit. Use `VisitWorkerBase` for the defaults."""

    holds_checkpoint: ClassVar[bool]
    """True: the worker calls `outlet.checkpoint` itself (asr: at the end of an utterance). False: after each `handle`."""

    async def start(self) -> None:
        """Rebuild from the session's own streams what the work needs (prints, state); before the first `handle`."""
        ...

    async def handle(self, event: AnyEvent) -> None:
        """One event of the input streams. May be cancelled at any await when the event becomes stale."""
        ...

    def overhear(self, event: AnyEvent) -> None:
        """One control event, at once. Must not block; must tolerate being told twice."""
        ...

    async def run(self) -> None:
        """Work that runs beside `handle` for the whole visit (a ticker, a camera). Cancelled at the end."""
        ...

    async def close(self) -> None:
        """Forget the visitor: drop every print and buffer."""
        ...


class VisitWorkerBase:
    """The parts most workers leave as they are."""

    holds_checkpoint: ClassVar[bool] = False

    async def start(self) -> None:
        """Nothing to rebuild."""

    async def handle(self, event: AnyEvent) -> None:
        """Nothing to do."""

    def overhear(self, event: AnyEvent) -> None:
        """Nothing to note."""

    async def run(self) -> None:
        """Nothing beside."""

    async def close(self) -> None:
        """Nothing to forget."""


class Stage(Protocol):
    """One step of the pipeline: opened once a process, before any visit."""

    name: ClassVar[str]
    reads: ClassVar[Sequence[str]]
    """Input streams besides `control`, e.g. ("microphone",)."""

    async def warm_up(self) -> Health:
        """Load the engine and do one real inference. Raises EngineUnavailable."""
        ...

    def health(self) -> Health:
        """How the engine is now; asked twice a second for the heartbeat."""
        ...

    def open_visit(self, visit: Visit) -> VisitWorker:
        """A worker for one more visit."""
        ...

    async def close(self) -> None:
        """Let go of the engine."""
        ...


@runtime_checkable
class WorksBetweenVisits(Protocol):
    """A stage that does something while there is no visit, which only one of its replicas may do."""

    @property
    def idle_place(self) -> str:
        """Where it is done: replicas with the same place take turns, those with another do not know each other."""
        ...

    def may_idle(self, *, is_allowed: bool) -> None:
        """Whether this one may do it now: it is the one, and there is no visit that it or a sibling might have."""
        ...
