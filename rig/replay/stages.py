"""Plays a recording into stages: the real stage, the real runner, a bus in memory."""

import asyncio
import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from rig.record.moment import Moment
from rig.record.read import Recorded
from rig.record.tape import Tape
from rig.replay.loop import ReplayLoop
from shared.bus import Output
from shared.clock import LoopClock
from shared.config import override
from shared.memory_bus import MemoryBus
from shared.stage import Health, Stage
from shared.streams import CAP, DEFAULT_CAP, WRITER, key
from shared.visit_runner import VisitRunner

LOG = logging.getLogger(__name__)

PIPELINE = ("asr", "llm", "tts", "a2f_bridge", "faceswap")

SETTLE_S = 3.0
"""Recorded seconds after the last event in which the stages may finish."""

EPILOGUE_S = 0.5
"""Recorded seconds before the first event: a clock that begins with it would have no past."""

Progress = Callable[[str, float], None]

QUIET = {
    "a2f_bridge.idle_hz": "0",  # no sleeping face before the visit: it would run on this machine's clock
    "faceswap.source": "stand_in",  # no virtual human was recorded
}
"""Settings of every replay, unless `--set` says otherwise."""


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What the stages said."""

    moments: list[Moment]
    health: dict[str, Health]


def settings_for_replay(settings: dict[str, Any], wishes: Mapping[str, str], live_link: str) -> dict[str, Any]:
    """The settings, quieted, and on a Live Link port that no Unreal listens to.

    Args:
        settings: As loaded; changed in place.
        wishes: Dotted name -> value, stronger than ours.
        live_link: host:port for the face.
    """
    ours = {
        **QUIET,
        "a2f_bridge.live_link": live_link,
        "faceswap.source_options.stand_in.live_link_listen": live_link,
    }
    for name, value in {**ours, **wishes}.items():
        override(settings, name.split("."), value)
    return settings


def open_stages(names: Sequence[str], settings: dict[str, Any]) -> list[Stage]:
    """The stages as configured; nothing is loaded yet. Raises ConfigError, EngineUnavailable."""
    return [importlib.import_module(f"services.{name}.stage").open_stage(settings) for name in names]


def fed(recorded: Recorded, stages: Sequence[Stage]) -> list[Moment]:
    """What the stages are given: all that they read and do not write themselves."""
    live = {stage.name for stage in stages}
    needed = {"control", *(stream for stage in stages for stream in stage.reads)}
    return [one for one in recorded.moments if one.stream in needed and WRITER.get(one.stream) not in live]


async def replay(loop: ReplayLoop, recorded: Recorded, stages: Sequence[Stage], progress: Progress) -> Replay:
    """Warm the stages, then play the recording into them.

    Raises:
        EngineUnavailable: An engine cannot be opened.
    """
    try:
        health = {stage.name: await stage.warm_up() for stage in stages}
        moments = await _play(loop, recorded, stages, progress)
        health |= {stage.name: stage.health() for stage in stages}
    finally:
        for stage in stages:
            await stage.close()
    return Replay(moments=moments, health=health)


async def _play(loop: ReplayLoop, recorded: Recorded, stages: Sequence[Stage], progress: Progress) -> list[Moment]:
    session, given = recorded.manifest.session, fed(recorded, stages)
    clock = LoopClock()
    bus = MemoryBus(clock)
    tape = Tape(bus, pictures_hz=recorded.manifest.pictures_hz)
    loop.start_clock(recorded.moments[0].at - EPILOGUE_S)
    workers = []
    for stage in stages:
        lease = await bus.acquire(session, stage.name, "replay", float("inf"))
        assert lease is not None, "nobody else is on this bus"
        runner = VisitRunner(stage, bus, clock, lease, recorded.manifest.language or "en")
        workers.append(asyncio.create_task(runner.run(), name=stage.name))
    listening = asyncio.create_task(tape.take_down(session))
    try:
        await _feed(bus, session, given, progress)
        await clock.sleep_until(max(clock.now(), recorded.moments[-1].at) + SETTLE_S)
    finally:
        for task in (*workers, listening):
            task.cancel()
        ends = await asyncio.gather(*workers, listening, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end
    live = {stage.name for stage in stages}
    return [one for one in tape.moments if _writer(one.stream) in live]


def _writer(stream: str) -> str:
    return WRITER.get(stream) or stream.partition(".")[2]


async def _feed(bus: MemoryBus, session: str, given: Sequence[Moment], progress: Progress) -> None:
    clock = LoopClock()
    lease = await bus.acquire(session, "replayed", "replay", float("inf"))
    assert lease is not None, "nobody else is on this bus"
    for number, one in enumerate(given, 1):
        if one.at > clock.now():
            progress("playing", number / len(given))
            await clock.sleep_until(one.at)
        name = key(session, one.stream)
        await bus.commit(lease, [Output(name, one.id, one.payload, CAP.get(one.stream, DEFAULT_CAP))])
