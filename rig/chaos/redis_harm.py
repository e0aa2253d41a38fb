"""Harm done to Redis: asked to stop, slow, without room, with a clock that jumps. Each is over when the call returns."""

import asyncio
import resource
import signal

import redis.asyncio

from rig.chaos import plan
from rig.redis_server import RedisServer

HOUR_MS = 3_600_000

SET_FORWARD = """
for _, name in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', name)
  if left >= 0 then redis.call('PEXPIRE', name, left - ARGV[1]) end
end
"""
"""What a server's clock that is set forward does to every key: those with less time to live are gone."""


async def harm_redis(kind: str, seconds: float, server: RedisServer, client: "redis.asyncio.Redis") -> None:
    """Do it, and end it after `seconds` where it lasts. Killed or stopped, its keeper starts it again."""
    match kind:
        case plan.KILL:
            server.kill()
        case plan.TERM if server.process:
            server.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(server.process.wait)
        case plan.SLOW:
            await client.client_pause(round(seconds * 1000))
            await asyncio.sleep(seconds)
        case plan.FULL_DISK:
            await _without_disk(seconds, server)
        case plan.FULL_MEMORY:
            try:
                await client.config_set("maxmemory", "1")  # its policy is noeviction: nothing is thrown out for room
                await asyncio.sleep(seconds)
            finally:
                await client.config_set("maxmemory", "0")
        case plan.JUMP:
            await client.eval(SET_FORWARD, 0, str(HOUR_MS))
        case _:
            raise ValueError(f"no such harm to Redis: {kind}")


async def _without_disk(seconds: float, server: RedisServer) -> None:
    """Its append-only file may not grow, as on a RAM disk that is full."""
    if server.process is None:
        return
    pid, unlimited = server.process.pid, resource.RLIM_INFINITY
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, unlimited))
    try:
        await asyncio.sleep(seconds)
    finally:
        if server.process.poll() is None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
