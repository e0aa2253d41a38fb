"""What a service that cannot start leaves on the board, so that the operator page says it and not only the log."""

import contextlib
import secrets

from shared.errors import BusUnavailable, ConfigError
from shared.events import Heartbeat, encode
from shared.house_clock import HouseClock
from shared.redis_bus import RedisBus
from shared.streams import GLOBAL_CAP, STAGES


async def tell_failed_start(stage: str, url: str, reason: str) -> None:
    """One heartbeat in the state `failed`. Does nothing if no Redis can be reached: then the log is all there is."""
    with contextlib.suppress(ConfigError, BusUnavailable):
        bus = RedisBus(url)
        try:
            clock = HouseClock(bus, keeps=False)
            await clock.set()
            worker = f"{stage}-{secrets.token_hex(3)}"
            beat = Heartbeat(at=clock.now(), stage=stage, worker=worker, state="failed", last_error=reason)
            await bus.append(STAGES, encode(beat), GLOBAL_CAP)
        finally:
            await bus.close()
