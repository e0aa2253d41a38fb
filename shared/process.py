"""The process of a stage: its settings, its Redis, its signals, its exit codes."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from shared.config import section, settings_from_environment
from shared.errors import BusUnavailable, ConfigError, ContextLost, EngineUnavailable
from shared.house_clock import HouseClock, running
from shared.last_words import tell_failed_start
from shared.loop import run, settle_memory
from shared.redis_bus import RedisBus
from shared.runner import StageRunner
from shared.stage import Stage

LOG = logging.getLogger(__name__)

LOST_CODE = 5
"""Exit code of a process whose engine works only in another one."""


class WorkerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `[worker]`: of this one process, whatever its stage."""

    kiosks: tuple[str, ...] = ()
    """The only kiosks whose visits it takes; empty: any. A virtual human is one kiosk's: docs/scaling.md."""


async def connect(url: str, *, patience_s: float = 15.0) -> RedisBus:
    """A bus on the Redis at `url`, waiting for it to come up.

    Raises:
        BusUnavailable: It does not answer within `patience_s`, refuses us, or is too old.
        ConfigError: `url` is no address.
    """
    bus = RedisBus(url)
    deadline = asyncio.get_running_loop().time() + patience_s
    while True:
        try:
            await bus.check_server()
        except BusUnavailable as error:
            if "cannot be reached" not in str(error) or asyncio.get_running_loop().time() > deadline:
                await bus.close()
                raise
            await asyncio.sleep(0.2)
        else:
            return bus


def redis_url(settings: dict[str, Any]) -> str:
    """Address of Redis: REDIS_URL, or `[bus] url`. Raises ConfigError if neither is set."""
    url = os.environ.get("REDIS_URL") or str(settings.get("bus", {}).get("url", ""))
    if not url:
        raise ConfigError(
            "no Redis address: set REDIS_URL (redis://:PASSWORD@host:port/0), or start with `mirror demo`"
        )
    return url


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set. Call inside a running loop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _serve_stage(name: str, open_stage: Callable[[dict[str, Any]], Stage]) -> None:
    try:
        settings = settings_from_environment()
        stage = open_stage(settings)
    except (ConfigError, EngineUnavailable) as error:
        await tell_failed_start(name, os.environ.get("REDIS_URL", ""), str(error))
        raise
    stop = stop_on_signals()
    bus = await connect(redis_url(settings))
    try:
        clock = HouseClock(bus, keeps=False)
        async with running(clock):
            kiosks = section(settings, "worker", WorkerConfig).kiosks
            await StageRunner(stage, bus, clock, kiosks=kiosks, when_warm=settle_memory).run(stop)
    finally:
        await bus.close()


def run_service(name: str, open_stage: Callable[[dict[str, Any]], Stage]) -> None:
    """What a service's `__main__` does.

    Exit codes: 2 wrong settings, 3 engine unavailable, 4 Redis unavailable, 5 engine lost: start it again.

    Args:
        name: The stage's, told while it cannot be opened.
        open_stage: The stage as the settings want it.
    """
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "INFO"), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    codes: dict[type[Exception], int] = {ConfigError: 2, EngineUnavailable: 3, BusUnavailable: 4}
    try:
        run(_serve_stage(name, open_stage))
    except ContextLost as error:
        LOG.error("%s", error)  # noqa: TRY400 - as below
        logging.shutdown()
        os._exit(LOST_CODE)  # what native libraries do at an orderly end needs the context that is lost
    except tuple(codes) as error:
        LOG.error("%s", error)  # noqa: TRY400 - one clear line; a traceback would bury it
        sys.exit(codes[type(error)])
