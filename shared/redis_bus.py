"""The bus on Redis Streams: plain XREAD from our own cursors, and one Lua step that checks the fence and writes.

Works on Redis 6.2, 7, Valkey, and on a cluster of them: nothing newer is used. Why not consumer groups:
docs/adr/0002-leases-and-fencing.md. Why not redis-py's client: docs/adr/0007-a-line-of-our-own-to-redis.md.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from shared.bus import Entry, Lease, Output
from shared.errors import BusUnavailable, Fenced
from shared.redis_errors import TOO_OLD
from shared.redis_line import Argument, address_of
from shared.redis_scripts import ACQUIRE, COMMIT, RELEASE, RENEW, Script
from shared.redis_servers import RedisServers
from shared.streams import SESSION_TTL_S, SESSIONS, START, StreamId, key

FIELD = b"e"
"""The one field of an entry: the event as MessagePack."""

OLDEST_SERVER = (6, 2)

REWRITE_S = 5.0
"""Longest wait for the append-only file to be rewritten after a wipe; a visit's worth takes a fraction of a second."""

SCAN_COUNT = 500


class RedisBus:
    """See `shared.bus.Bus`. One instance per process; reads and writes may run at the same time.

    Nothing is tried again in here: our callers do, and a blocked read must fail at once when the server dies.
    """

    COMMIT: ClassVar[Script] = COMMIT
    RENEW: ClassVar[Script] = RENEW

    def __init__(self, url: str) -> None:
        self._servers = RedisServers(address_of(url))

    async def check_server(self) -> None:
        """See `Bus.check_server`. Refusing us anything that a visit needs is refusing us."""
        info = _fields(await self._servers.call(SESSIONS, "INFO", "server"))
        version = info.get("valkey_version") or info.get("redis_version", "0")
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_SERVER:
            raise BusUnavailable(TOO_OLD.format(version))
        await self._rehearse()

    async def _rehearse(self) -> None:
        """Do everything once that a visit will do: an access list that lacks a command is better found now than then."""
        probe = f"probe-{secrets.token_hex(4)}"
        lease = await self.acquire(probe, "probe", probe, 1.0)
        if lease is None:
            return
        name = key(probe, "probe")
        await self.commit(lease, [Output(name, StreamId(1, 1), b"", 1)], {name: START})
        await self.read({name: START}, wait_s=0.001)
        await self.range(name, START, count=1)
        await self.newest(name)
        await self.renew(lease, 1.0)
        await self.release(lease)
        if found := await self.keys(key(probe, "*")):
            await self._servers.call(name, "UNLINK", *found)
        await self.server_time()
        await self.newest(SESSIONS)

    async def server_time(self) -> float:
        """The server's wall clock, seconds since 1970. In a cluster: of the one that has the announcements."""
        seconds, micros = await self._servers.call(SESSIONS, "TIME")
        return int(seconds) + int(micros) / 1_000_000

    async def append(self, key: str, payload: bytes, cap: int) -> StreamId:
        """See `Bus.append`."""
        new_id = await self._servers.call(key, "XADD", key, "MAXLEN", "~", cap, "*", FIELD, payload)
        return StreamId.parse(new_id.decode())

    async def read(self, cursors: Mapping[str, StreamId], *, wait_s: float, count: int = 64) -> list[Entry]:
        """See `Bus.read`. Streams of several slots of a cluster are read side by side, each read to the end of its wait."""
        block = max(1, min(1000, round(wait_s * 1000)))
        groups = await self._servers.together(cursors)
        if len(groups) == 1:
            return await self._read(groups[0], cursors, block, count)
        found = await asyncio.gather(*(self._read(names, cursors, block, count) for names in groups))
        return [entry for entries in found for entry in entries]

    async def _read(self, names: Sequence[str], cursors: Mapping[str, StreamId], block: int, count: int) -> list[Entry]:
        after = [str(cursors[name]) for name in names]
        reply = await self._servers.read(names[0], ("XREAD", "COUNT", count, "BLOCK", block, "STREAMS", *names, *after))
        return [entry for name, found in reply or () for entry in _entries(name.decode(), found)]

    async def tail(self, key: str) -> StreamId:
        """See `Bus.tail`."""
        newest = await self.newest(key)
        return newest.id if newest else START

    async def range(self, key: str, after: StreamId, count: int = 10_000) -> list[Entry]:
        """See `Bus.range`."""
        return _entries(key, await self._servers.call(key, "XRANGE", key, f"({after}", "+", "COUNT", count))

    async def newest(self, key: str) -> Entry | None:
        """See `Bus.newest`."""
        found = await self._servers.call(key, "XREVRANGE", key, "+", "-", "COUNT", 1)
        return next(iter(_entries(key, found)), None)

    async def acquire(self, session: str, stage: str, owner: str, ttl_s: float) -> Lease | None:
        """See `Bus.acquire`."""
        args = (owner, round(ttl_s * 1000), SESSION_TTL_S)
        got = await self._servers.run(ACQUIRE, _lease_keys(session, stage), args)
        if not got:
            return None
        token, attempts, flat = got
        checkpoint = {
            name.decode()[3:]: StreamId.parse(value.decode())
            for name, value in zip(flat[::2], flat[1::2], strict=True)
            if name.startswith(b"at:")
        }
        return Lease(session=session, stage=stage, owner=owner, token=token, attempts=attempts, checkpoint=checkpoint)

    async def renew(self, lease: Lease, ttl_s: float) -> bool:
        """See `Bus.renew`."""
        args = (lease.owner, lease.token, round(ttl_s * 1000), SESSION_TTL_S)
        return bool(await self._servers.run(self.RENEW, _lease_keys(lease.session, lease.stage), args))

    async def release(self, lease: Lease) -> None:
        """See `Bus.release`."""
        await self._servers.run(RELEASE, _lease_keys(lease.session, lease.stage), (lease.owner, lease.token))

    async def commit(
        self, lease: Lease, outputs: Sequence[Output], checkpoint: Mapping[str, StreamId] | None = None
    ) -> int:
        """See `Bus.commit`."""
        keys = [_lease_keys(lease.session, lease.stage)[1], *dict.fromkeys(output.key for output in outputs)]
        place = {name: index for index, name in enumerate(keys, 1)}
        moves = [part for name, at in (checkpoint or {}).items() for part in (name, str(at))]
        args: list[Argument] = [lease.owner, lease.token, SESSION_TTL_S, len(moves) // 2, *moves]
        for output in outputs:
            args += [place[output.key], str(output.id), output.cap, int(output.is_fleeting), output.payload]
        added = int(await self._servers.run(self.COMMIT, keys, args))
        if added == -1:
            raise Fenced(f"{lease.stage}: session {lease.session} has another worker")
        return added

    async def wipe(self, session: str) -> int:
        """See `Bus.wipe`."""
        pattern = key(session, "*")
        if found := await self.keys(pattern):
            await self._servers.call(pattern, "UNLINK", *found)
            await self._rewrite_log(pattern)
        return len(await self.keys(pattern))

    async def keys(self, pattern: str) -> list[bytes]:
        """All keys whose names fit a pattern of Redis', each once.

        Every server of a cluster is looked through: what is called forgotten must be, also while its slot is on its way to another.
        """
        found: set[bytes] = set()
        for node, reply in await self._servers.each("SCAN", 0, "MATCH", pattern, "COUNT", SCAN_COUNT):
            cursor, names = reply
            found.update(names)
            while cursor != b"0":
                cursor, names = await self._servers.ask(node, "SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_COUNT)
                found.update(names)
        return sorted(found)

    async def _rewrite_log(self, name: str) -> None:
        """What was deleted still stands in the append-only file until it is rewritten; return when it has been."""
        deadline = asyncio.get_running_loop().time() + REWRITE_S
        is_asked = False
        while asyncio.get_running_loop().time() < deadline:
            state = _fields(await self._servers.call(name, "INFO", "persistence"))
            if state.get("aof_enabled", "0") == "0":
                return
            is_busy = "1" in (state.get("aof_rewrite_in_progress"), state.get("aof_rewrite_scheduled"))
            if is_asked and not is_busy:
                return
            if not is_busy:
                await self._servers.call(name, "BGREWRITEAOF")
                is_asked = True
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """See `Bus.close`."""
        self._servers.close()
        await asyncio.sleep(0)  # a transport ends in the loop's next round; there may be no other


def _lease_keys(session: str, stage: str) -> list[str]:
    return [key(session, f"{stage}.lease"), key(session, f"{stage}.state")]


def _fields(info: bytes) -> dict[str, str]:
    """What INFO says, as names and values."""
    lines = [line.partition(":") for line in info.decode().splitlines() if ":" in line]
    return {name: value.strip() for name, _, value in lines}


def _entries(name: str, found: Any) -> list[Entry]:
    return [Entry(name, StreamId.parse(entry_id.decode()), _payload(fields)) for entry_id, fields in found or ()]


def _payload(fields: list[bytes]) -> bytes:
    """Of one entry; empty, and so undecodable, if it is none of ours."""
    return fields[1] if len(fields) == 2 and fields[0] == FIELD else b""
