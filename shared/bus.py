"""What a bus must do. `MemoryBus` and `RedisBus` pass one contract suite (`tests/contracts/test_bus.py`)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from shared.streams import StreamId


class Entry(NamedTuple):
    """One event as it lies in a stream, still encoded."""

    key: str
    id: StreamId
    payload: bytes


class Output(NamedTuple):
    """One event on its way into a stream."""

    key: str
    id: StreamId
    payload: bytes
    cap: int
    """Longest the stream may grow, in events."""
    is_fleeting: bool = False
    """It need not outlive the server: what is worthless a moment later is not written to the server's log."""


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The right to be the one worker of a (session, stage), until it is renewed no more."""

    session: str
    stage: str
    owner: str
    token: int
    """Fencing token: rises each time the lease changes hands; the bus refuses writes under an old one."""
    attempts: int
    """How often the lease was taken without any progress since: 1 is normal, 3 means a poisonous event."""
    checkpoint: dict[str, StreamId]
    """Per input key: the last event that is done with."""


class Bus(Protocol):
    """Append-only streams, leases, and one atomic step that does both.

    Every method raises `BusUnavailable` when the server cannot be reached; the caller may simply try again, since ids
    make every write idempotent.
    """

    async def check_server(self) -> None:
        """Raise BusUnavailable, in plain words, if the server is absent, refuses us, or is too old."""
        ...

    async def append(self, key: str, payload: bytes, cap: int) -> StreamId:
        """Add to a stream that belongs to no session, with an id the bus picks; oldest entries fall off beyond `cap`."""
        ...

    async def read(self, cursors: Mapping[str, StreamId], *, wait_s: float, count: int = 64) -> list[Entry]:
        """Events after each cursor, stream by stream in order, at most `count` of each.

        Returns as soon as there is one, and with an empty list after `wait_s` seconds (at most 1).
        """
        ...

    async def tail(self, key: str) -> StreamId:
        """Id of the stream's last event; START if it has none."""
        ...

    async def range(self, key: str, after: StreamId, count: int = 10_000) -> list[Entry]:
        """Events after an id, oldest first."""
        ...

    async def newest(self, key: str) -> Entry | None:
        """The stream's last event."""
        ...

    async def acquire(self, session: str, stage: str, owner: str, ttl_s: float) -> Lease | None:
        """Take the lease if nobody holds it; None if somebody does."""
        ...

    async def renew(self, lease: Lease, ttl_s: float) -> bool:
        """Hold it for `ttl_s` more; False if somebody else has it now. An expired lease that nobody took is ours again."""
        ...

    async def release(self, lease: Lease) -> None:
        """Let go of it at once."""
        ...

    async def commit(
        self, lease: Lease, outputs: Sequence[Output], checkpoint: Mapping[str, StreamId] | None = None
    ) -> int:
        """In one atomic step: check the lease's token, add `outputs` in order, move the checkpoint.

        Returns:
            How many outputs were new; one whose id is not above its stream's last is refused silently (it is there already).

        Raises:
            Fenced: Somebody else holds the lease; nothing was written.
        """
        ...

    async def wipe(self, session: str) -> int:
        """Delete every key of a session; returns how many are left (0)."""
        ...

    async def server_time(self) -> float:
        """The server's own wall clock, seconds since 1970."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
