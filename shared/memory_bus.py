"""The bus inside one process: for tests in virtual time, and the definition of what Redis must do."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

import msgspec

from shared.bus import Entry, Lease, Output
from shared.clock import Clock
from shared.errors import Fenced
from shared.streams import START, StreamId, key


class _Holding(msgspec.Struct):
    owner: str = ""
    token: int = 0
    expires_at: float = -1.0
    is_held: bool = False
    attempts: int = 0
    checkpoint: dict[str, StreamId] = msgspec.field(default_factory=dict)


class _Stream:
    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self.last = START

    def add(self, output: Output) -> bool:
        if output.id <= self.last:
            return False
        self.last = output.id
        self.entries.append(Entry(output.key, output.id, output.payload))
        while len(self.entries) > output.cap:
            self.entries.popleft()
        return True


class MemoryBus:
    """Same contract as `RedisBus`, no server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._streams: defaultdict[str, _Stream] = defaultdict(_Stream)
        self._holdings: dict[tuple[str, str], _Holding] = {}
        self._changed = asyncio.Event()

    async def check_server(self) -> None:
        """See `Bus.check_server`: there is none that could be away."""

    async def append(self, key: str, payload: bytes, cap: int) -> StreamId:
        """See `Bus.append`."""
        new_id = StreamId(self._streams[key].last.turn + 1, 0)
        self._streams[key].add(Output(key, new_id, payload, cap))
        self._wake()
        return new_id

    async def read(self, cursors: Mapping[str, StreamId], *, wait_s: float, count: int = 64) -> list[Entry]:
        """See `Bus.read`."""
        deadline = self._clock.now() + wait_s
        while True:
            if found := self._after(cursors, count):
                return found
            left = deadline - self._clock.now()
            if left <= 0:
                return []
            changed = self._changed
            try:
                async with asyncio.timeout(left):
                    await changed.wait()
            except TimeoutError:
                return self._after(cursors, count)

    def _after(self, cursors: Mapping[str, StreamId], count: int) -> list[Entry]:
        found: list[Entry] = []
        for name, after in cursors.items():
            if name not in self._streams or self._streams[name].last <= after:
                continue
            newer = [entry for entry in self._streams[name].entries if entry.id > after]
            found += newer[:count]
        return found

    async def tail(self, key: str) -> StreamId:
        """See `Bus.tail`."""
        return self._streams[key].last if key in self._streams else START

    async def range(self, key: str, after: StreamId, count: int = 10_000) -> list[Entry]:
        """See `Bus.range`."""
        return self._after({key: after}, count)

    async def newest(self, key: str) -> Entry | None:
        """See `Bus.newest`."""
        stream = self._streams.get(key)
        return stream.entries[-1] if stream and stream.entries else None

    async def acquire(self, session: str, stage: str, owner: str, ttl_s: float) -> Lease | None:
        """See `Bus.acquire`."""
        holding = self._holdings.setdefault((session, stage), _Holding())
        if holding.is_held and self._clock.now() < holding.expires_at:
            return None
        holding.owner, holding.is_held = owner, True
        holding.token += 1
        holding.attempts += 1
        holding.expires_at = self._clock.now() + ttl_s
        return Lease(
            session=session,
            stage=stage,
            owner=owner,
            token=holding.token,
            attempts=holding.attempts,
            checkpoint=dict(holding.checkpoint),
        )

    def _ours(self, lease: Lease) -> _Holding | None:
        holding = self._holdings.get((lease.session, lease.stage))
        return holding if holding and (holding.owner, holding.token) == (lease.owner, lease.token) else None

    async def renew(self, lease: Lease, ttl_s: float) -> bool:
        """See `Bus.renew`."""
        holding = self._ours(lease)
        if holding is None:
            return False
        holding.expires_at, holding.is_held = self._clock.now() + ttl_s, True
        return True

    async def release(self, lease: Lease) -> None:
        """See `Bus.release`."""
        if holding := self._ours(lease):
            holding.is_held, holding.attempts = False, 0

    async def commit(
        self, lease: Lease, outputs: Sequence[Output], checkpoint: Mapping[str, StreamId] | None = None
    ) -> int:
        """See `Bus.commit`."""
        holding = self._ours(lease)
        if holding is None:
            raise Fenced(f"{lease.stage}: session {lease.session} has another worker")
        added = sum(self._streams[output.key].add(output) for output in outputs)
        if checkpoint:
            holding.checkpoint.update(checkpoint)
            holding.attempts = 0
        if added:
            self._wake()
        return added

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def wipe(self, session: str) -> int:
        """See `Bus.wipe`."""
        prefix = key(session, "")
        for name in [name for name in self._streams if name.startswith(prefix)]:
            del self._streams[name]
        for holding in [holding for holding in self._holdings if holding[0] == session]:
            del self._holdings[holding]
        return sum(name.startswith(prefix) for name in self._streams)

    async def server_time(self) -> float:
        """See `Bus.server_time`."""
        return self._clock.now()

    async def close(self) -> None:
        """Nothing to let go of."""
