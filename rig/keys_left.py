"""What is left of a visit in Redis, counted from outside: the mirror's own receipt is not believed."""

from shared.errors import BusUnavailable
from shared.redis_bus import RedisBus


async def keys_left(session: str, redis_url: str) -> int | None:
    """How many keys name a session, on every server of a cluster; None if Redis does not say."""
    bus = RedisBus(redis_url)
    try:
        return len(await bus.keys(f"*{session}*"))
    except BusUnavailable:
        return None
    finally:
        await bus.close()
