"""`mirror wipe`: forget everyone. For when something went wrong and a person wants to be sure."""

import redis
from redis.exceptions import RedisError

from rig.console import print_json, say
from rig.ram_disk import ram_disk, sweep_abandoned
from shared.errors import BusUnavailable
from shared.streams import HOUSE, key


def wipe(redis_url: str, *, as_json: bool) -> int:
    """Delete what crashed mirrors left on the RAM disk and, with an address, every visit in a running Redis.

    Returns:
        The exit code: 0 if nothing is left.

    Raises:
        BusUnavailable: Redis cannot be reached; nothing in it was deleted.
    """
    folders = sweep_abandoned(ram_disk())
    keys, left = _wipe_redis(redis_url) if redis_url else (0, 0)
    if as_json:
        print_json({"folders": folders, "keys": keys, "keys_left": left})
    else:
        say(f"{folders} folders of crashed mirrors and {keys} keys deleted, {left} keys left")
    return 1 if left else 0


def _wipe_redis(url: str) -> tuple[int, int]:
    try:
        with redis.Redis.from_url(url, socket_timeout=10.0) as client:
            found = _keys(client)
            if found:
                client.unlink(*found)
            # The append-only file still holds what was deleted until it is written anew.
            client.bgrewriteaof()
            return len(found), len(_keys(client))
    except (RedisError, OSError) as error:
        raise BusUnavailable(
            f"wipe: cannot reach Redis ({type(error).__name__}); check the address and its password"
        ) from error


def _keys(client: redis.Redis) -> list[bytes]:
    """Of every visit; who is in charge of the mirror is none, and holds on to its lease meanwhile."""
    found = client.scan_iter(match="mirror:{*", count=500)
    return [name for name in found if not name.startswith(key(HOUSE, "").encode())]
