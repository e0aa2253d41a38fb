"""The bus on Redis Streams: plain XREAD from our own cursors, and one Lua step that checks the fence and writes.

These two, which every event goes through, have lines of their own to the server; the rest goes through redis-py.
Works on Redis 6.2, 7 and Valkey: nothing newer is used. Why not consumer groups: docs/adr/0002-leases-and-fencing.md.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar, cast

import hiredis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from shared.bus import Entry, Lease, Output
from shared.errors import BusUnavailable, Fenced
from shared.redis_line import Address, Argument, RedisLine, address_of
from shared.streams import SESSION_TTL_S, START, StreamId, key

R = TypeVar("R")

FIELD = b"e"
"""The one field of an entry: the event as MessagePack."""

OLDEST_SERVER = (6, 2)
TOO_OLD = "Redis {} is too old; this needs 6.2 or newer, or any Valkey"

REWRITE_S = 5.0
"""Longest wait for the append-only file to be rewritten after a wipe; a visit's worth takes a fraction of a second."""

# `at:<key>` fields of the state hash are checkpoints.
_ACQUIRE = """
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return nil end
local token = redis.call('HINCRBY', KEYS[2], 'token', 1)
local attempts = redis.call('HINCRBY', KEYS[2], 'attempts', 1)
redis.call('HSET', KEYS[2], 'owner', ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {token, attempts, redis.call('HGETALL', KEYS[2])}
"""

# An expired lease that nobody took is taken back: the token still proves that it was ours last.
_RENEW = """
local s = redis.call('HMGET', KEYS[2], 'owner', 'token')
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
"""

_RELEASE = """
local s = redis.call('HMGET', KEYS[2], 'owner', 'token')
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[2], 'attempts', 0)
return 1
"""

# Up to a cap of 64 a stream is trimmed exactly; above it Redis may trim in its own larger steps, which costs less.
# What is fleeting is kept from the append-only file; Redis 6.2 must be told beforehand that a script may do that.
# ARGV: owner, token, ttl, number of checkpoints, (key, id)*, (index of key, id, cap, is fleeting, payload)*
_COMMIT = """
local s = redis.call('HMGET', KEYS[1], 'owner', 'token')
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] then return -1 end
redis.replicate_commands()
local i, added = 5, 0
for _ = 1, tonumber(ARGV[4]) do
  redis.call('HSET', KEYS[1], 'at:' .. ARGV[i], ARGV[i + 1], 'attempts', 0)
  i = i + 2
end
while i <= #ARGV do
  local out = KEYS[tonumber(ARGV[i])]
  local sign = tonumber(ARGV[i + 2]) <= 64 and '=' or '~'
  if ARGV[i + 3] == '1' then redis.set_repl(redis.REPL_NONE) end
  local reply = redis.pcall('XADD', out, 'MAXLEN', sign, ARGV[i + 2], ARGV[i + 1], 'e', ARGV[i + 4])
  if type(reply) ~= 'table' then
    added = added + 1
    redis.call('EXPIRE', out, ARGV[3])
  elseif not string.find(reply.err, 'equal or smaller') then
    return redis.error_reply(reply.err)
  end
  redis.set_repl(redis.REPL_ALL)
  i = i + 5
end
return added
"""


class RedisBus:
    """See `shared.bus.Bus`. One instance per process; reads and writes may run at the same time."""

    COMMIT: ClassVar[str] = _COMMIT
    RENEW: ClassVar[str] = _RENEW

    def __init__(self, url: str) -> None:
        self._address: Address = address_of(url)
        # No retries inside the client: our callers retry, and a blocked read must fail at once when the server dies.
        self._redis = Redis.from_url(
            url, retry=Retry(NoBackoff(), 0), socket_timeout=5.0, socket_connect_timeout=2.0, health_check_interval=0
        )
        self._acquire = self._redis.register_script(_ACQUIRE)
        self._renew = self._redis.register_script(self.RENEW)
        self._release = self._redis.register_script(_RELEASE)
        self._commit_sha = hashlib.sha1(self.COMMIT.encode(), usedforsecurity=False).hexdigest()
        self._writing: asyncio.Task[RedisLine] | None = None
        """The one line for commits; a task while it is being opened, so that all who need it wait for the same."""
        self._idle: list[RedisLine] = []
        """Lines for reads that nobody reads on just now: a read blocks its line."""

    async def check_server(self) -> None:
        """See `Bus.check_server`."""
        info = cast("dict[str, Any]", await self._call(lambda: self._redis.info("server")))
        version = str(info.get("valkey_version") or info.get("redis_version", "0"))
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_SERVER:
            raise BusUnavailable(TOO_OLD.format(version))

    async def _call(self, command: Callable[[], Awaitable[R]]) -> R:
        task = asyncio.current_task()
        cancels = task.cancelling() if task else 0
        reply = await self._in_our_errors(command)
        # A cancellation that meets the client's own wait_for just as the reply arrives is lost in Python 3.11: whoever
        # stops a reader would wait for ever.
        if task and task.cancelling() > cancels:
            raise asyncio.CancelledError
        return reply

    async def _in_our_errors(self, command: Callable[[], Awaitable[R]]) -> R:
        try:
            return await command()
        except (RedisError, OSError) as error:
            raise _ours(error) from error

    async def append(self, key: str, payload: bytes, cap: int) -> StreamId:
        """See `Bus.append`."""
        new_id = await self._call(lambda: self._redis.xadd(key, {FIELD: payload}, maxlen=cap, approximate=True))
        return StreamId.parse(cast("bytes", new_id).decode())

    async def read(self, cursors: Mapping[str, StreamId], *, wait_s: float, count: int = 64) -> list[Entry]:
        """See `Bus.read`."""
        block = max(1, min(1000, round(wait_s * 1000)))
        after = map(str, cursors.values())
        command: list[Argument] = ["XREAD", "COUNT", count, "BLOCK", block, "STREAMS", *cursors, *after]
        line = self._idle.pop() if self._idle else await self._opened()
        try:
            reply = await self._reply(line, command)
        except BaseException:
            line.close()  # whoever is cancelled while reading leaves a line that still owes a reply
            raise
        self._idle.append(line)
        return [entry for name, found in reply or () for entry in _entries(name.decode(), found)]

    async def _opened(self) -> RedisLine:
        try:
            return await RedisLine.open(self._address)
        except (hiredis.ReplyError, OSError) as error:
            raise _ours(error) from error

    async def _reply(self, line: RedisLine, command: Sequence[Argument]) -> Any:
        try:
            return await line.call(*command)
        except (hiredis.ReplyError, OSError) as error:
            raise _ours(error) from error

    async def _writing_line(self) -> RedisLine:
        """The line for commits, opened anew after it broke."""
        if self._writing and self._writing.done():
            if not self._writing.cancelled() and not self._writing.exception() and self._writing.result().is_open:
                return self._writing.result()
            self._writing = None
        if self._writing is None:
            self._writing = asyncio.create_task(self._open_for_writing())
        return await asyncio.shield(self._writing)

    async def _open_for_writing(self) -> RedisLine:
        line = await self._opened()
        await self._reply(line, ("SCRIPT", "LOAD", self.COMMIT))
        return line

    async def tail(self, key: str) -> StreamId:
        """See `Bus.tail`."""
        newest = await self.newest(key)
        return newest.id if newest else START

    async def range(self, key: str, after: StreamId, count: int = 10_000) -> list[Entry]:
        """See `Bus.range`."""
        found = await self._call(lambda: self._redis.xrange(key, min=f"({after}", count=count))
        return list(_entries(key, found))

    async def newest(self, key: str) -> Entry | None:
        """See `Bus.newest`."""
        found = await self._call(lambda: self._redis.xrevrange(key, count=1))
        return next(iter(_entries(key, found)), None)

    async def acquire(self, session: str, stage: str, owner: str, ttl_s: float) -> Lease | None:
        """See `Bus.acquire`."""
        args: list[Any] = [owner, round(ttl_s * 1000), SESSION_TTL_S]
        got = await self._call(lambda: self._acquire(keys=_lease_keys(session, stage), args=args))
        if not got:
            return None
        token, attempts, flat = got
        fields = dict(zip(flat[::2], flat[1::2], strict=True)) if isinstance(flat, list) else flat
        checkpoint = {
            name.decode()[3:]: StreamId.parse(value.decode())
            for name, value in fields.items()
            if name.startswith(b"at:")
        }
        return Lease(session=session, stage=stage, owner=owner, token=token, attempts=attempts, checkpoint=checkpoint)

    async def renew(self, lease: Lease, ttl_s: float) -> bool:
        """See `Bus.renew`."""
        args: list[Any] = [lease.owner, lease.token, round(ttl_s * 1000), SESSION_TTL_S]
        return bool(await self._call(lambda: self._renew(keys=_lease_keys(lease.session, lease.stage), args=args)))

    async def release(self, lease: Lease) -> None:
        """See `Bus.release`."""
        args: list[Any] = [lease.owner, lease.token]
        await self._call(lambda: self._release(keys=_lease_keys(lease.session, lease.stage), args=args))

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
        line = await self._writing_line()
        try:
            added = int(await self._reply(line, ("EVALSHA", self._commit_sha, len(keys), *keys, *args)))
        except BusUnavailable:
            line.close()  # a server that was restarted, or flushed, has forgotten the script: a new line brings it along
            raise
        if added == -1:
            raise Fenced(f"{lease.stage}: session {lease.session} has another worker")
        return added

    async def wipe(self, session: str) -> int:
        """See `Bus.wipe`."""
        pattern = key(session, "*")

        async def keys() -> list[bytes]:
            return [name async for name in self._redis.scan_iter(match=pattern, count=500)]

        if found := await self._call(keys):
            await self._call(lambda: self._redis.unlink(*found))
            await self._rewrite_log()
        return len(await self._call(keys))

    async def _rewrite_log(self) -> None:
        """What was deleted still stands in the append-only file until it is rewritten; return when it has been."""
        deadline = asyncio.get_running_loop().time() + REWRITE_S
        is_asked = False
        while asyncio.get_running_loop().time() < deadline:
            state = cast("dict[str, Any]", await self._call(lambda: self._redis.info("persistence")))
            if not state.get("aof_enabled"):
                return
            is_busy = state.get("aof_rewrite_in_progress") or state.get("aof_rewrite_scheduled")
            if is_asked and not is_busy:
                return
            if not is_busy:
                await self._call(lambda: self._redis.bgrewriteaof())
                is_asked = True
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """See `Bus.close`."""
        for line in self._idle:
            line.close()
        if self._writing:
            self._writing.cancel()
            if self._writing.done() and not self._writing.cancelled() and not self._writing.exception():
                self._writing.result().close()
        await self._redis.aclose()


def _lease_keys(session: str, stage: str) -> list[str]:
    return [key(session, f"{stage}.lease"), key(session, f"{stage}.state")]


def _ours(error: Exception) -> BusUnavailable:
    """What went wrong between us and Redis, and what to do about it."""
    said = str(error)
    if "NOAUTH" in said:
        return BusUnavailable("Redis asks for a password; give redis://:PASSWORD@host:port/0")
    if isinstance(error, AuthenticationError) or "WRONGPASS" in said or "invalid password" in said:
        return BusUnavailable("Redis refuses the password in REDIS_URL; give redis://:PASSWORD@host:port/0")
    if "HELLO" in said and "unknown command" in said:
        return BusUnavailable(TOO_OLD.format("older than 6"))
    if "MISCONF" in said or "No space left" in said or "OOM command" in said:
        return BusUnavailable(f"Redis has no room to write ({said[:80].rstrip()} ...); is its RAM disk full?")
    if isinstance(error, ResponseError | hiredis.ReplyError):
        # What an old server repeats of an unknown command may be a password, or what somebody said.
        return BusUnavailable(f"Redis refused a command: {said.partition(', with args')[0]}")
    return BusUnavailable(f"Redis cannot be reached ({type(error).__name__}); is it running at REDIS_URL?")


def _entries(name: str, found: Any) -> list[Entry]:
    return [Entry(name, StreamId.parse(entry_id.decode()), _payload(fields)) for entry_id, fields in found or ()]


def _payload(fields: dict[bytes, bytes] | list[bytes]) -> bytes:
    """Of one entry, as redis-py gives it or as it came over the line; empty, and so undecodable, if it is none of ours."""
    if isinstance(fields, dict):
        return fields.get(FIELD, b"")
    return fields[1] if len(fields) == 2 and fields[0] == FIELD else b""
