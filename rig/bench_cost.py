"""`mirror bench cost`: what one visitor costs in processor, memory and bus traffic, by stage, over a whole rehearsed visit.

Processor seconds are the kernel's own count (/proc), so they hold on a busy machine too, where milliseconds do not.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import redis

from rig.options import Options
from rig.rehearse import Place, rehearse
from rig.signals import stopping_cleanly
from rig.supervisor import Mirror, running_mirror
from rig.visitor import read_visitor
from shared.loop import run

IDLE_S = 10.0
"""How long the mirror is watched with nobody before it."""
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

Progress = Callable[[str, float], None]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Counters of the whole mirror at one moment."""

    at: float
    """Loop clock, seconds."""
    cpu_s: dict[str, float]
    """Per process: processor seconds so far."""
    rss_mb: dict[str, float]
    commands: int
    """Redis' own count."""
    bytes_in: int
    bytes_out: int
    memory_mb: float
    """Most that Redis has held."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What passed between two readings, per second."""

    seconds: float
    cpu: dict[str, float]
    """Per process: cores, 1.0 is one core busy all the time."""
    rss_mb: dict[str, float]
    commands_per_s: float
    in_kb_per_s: float
    """Into Redis."""
    out_kb_per_s: float
    redis_peak_mb: float


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody before the mirror, and one visitor."""

    idle: Cost
    visit: Cost
    cores: int


def cost(before: Reading, after: Reading) -> Cost:
    """The difference of two readings. Pure."""
    seconds = after.at - before.at
    return Cost(
        seconds=seconds,
        cpu={name: (after.cpu_s[name] - before.cpu_s[name]) / seconds for name in after.cpu_s},
        rss_mb=after.rss_mb,
        commands_per_s=(after.commands - before.commands) / seconds,
        in_kb_per_s=(after.bytes_in - before.bytes_in) / seconds / 1000,
        out_kb_per_s=(after.bytes_out - before.bytes_out) / seconds / 1000,
        redis_peak_mb=after.memory_mb,
    )


def bench_cost(visitor: Path, script: str, progress: Progress) -> Costs:
    """Wake a mirror, watch it idle, and send one visitor through it.

    Raises:
        MirrorError: The mirror could not be started, or the visit broke off.
    """
    return run(stopping_cleanly(_bench(visitor, script, progress)))


async def _bench(visitor: Path, script: str, progress: Progress) -> Costs:
    guest = read_visitor(visitor)
    options = Options(port=0, script=script)
    progress("waking the mirror", 0.0)
    async with running_mirror(options) as mirror:
        before = read(mirror)
        await asyncio.sleep(IDLE_S)
        idle = read(mirror)
        place = Place(options=options, url=mirror.socket_url, token=mirror.kiosk_token, redis_url=mirror.redis.url)
        await rehearse(guest, place, progress, keeps_pictures=False)
        after = read(mirror)
    return Costs(idle=cost(before, idle), visit=cost(idle, after), cores=os.cpu_count() or 1)


def read(mirror: Mirror) -> Reading:
    """The counters now."""
    pids: dict[str, int] = {name: service.pid for name, service in mirror.services.items()}
    pids["redis"] = mirror.redis.process.pid if mirror.redis.process else 0
    with redis.Redis.from_url(mirror.redis.url) as client:
        info: Mapping[str, int] = client.info()
    return Reading(
        at=asyncio.get_running_loop().time(),
        cpu_s={name: _cpu_s(pid) for name, pid in pids.items()},
        rss_mb={name: _rss_mb(pid) for name, pid in pids.items()},
        commands=info["total_commands_processed"],
        bytes_in=info["total_net_input_bytes"],
        bytes_out=info["total_net_output_bytes"],
        memory_mb=info["used_memory_peak"] / 1e6,
    )


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE / 1e6
