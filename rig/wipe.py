"""`mirror wipe`: forget everyone. For when something went wrong and a person wants to be sure."""

import asyncio

from rig.console import print_json, say
from rig.ram_disk import ram_disk, sweep_abandoned
from shared.errors import BusUnavailable
from shared.redis_bus import RedisBus
from shared.streams import HOUSE


def wipe(redis_url: str, *, as_json: bool) -> int:
    """Delete what crashed mirrors left on the RAM disk and, with an address, every visit in a running Redis or cluster.

    Returns:
        The exit code: 0 if nothing is left.

    Raises:
        BusUnavailable: Redis cannot be reached, or went away meanwhile: what was in it may still be there.
    """
    folders = sweep_abandoned(ram_disk())
    keys, left = asyncio.run(_wipe_redis(redis_url)) if redis_url else (0, 0)
    if as_json:
        print_json({"folders": folders, "keys": keys, "keys_left": left})
    else:
        say(f"{folders} folders of crashed mirrors and {keys} keys deleted, {left} keys left")
    return 1 if left else 0


async def _wipe_redis(url: str) -> tuple[int, int]:
    bus = RedisBus(url)
    try:
        found = await _of_visits(bus)
        for session in sorted({session for session, _ in found}):
            await bus.wipe(session)
        return len(found), len(await _of_visits(bus))
    except BusUnavailable as error:
        raise BusUnavailable(f"wipe: {error}") from error
    finally:
        await bus.close()


async def _of_visits(bus: RedisBus) -> list[tuple[str, bytes]]:
    """Session and key of every visit; who is in charge of the mirror is none, and holds on to its lease meanwhile."""
    named = [(name.decode().partition("{")[2].partition("}")[0], name) for name in await bus.keys("mirror:{*")]
    return [(session, name) for session, name in named if session != HOUSE]
