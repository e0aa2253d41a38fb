"""Can the face move tonight? Every engine that may carry it is opened and timed."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.engines import ENGINES
from services.a2f_bridge.face_animator import poses_in
from services.a2f_bridge.measure import Timing, animate, syllables
from shared.audio import VOICE_HZ
from shared.checkup import Finding
from shared.config import section
from shared.errors import EngineFailed, MirrorError
from shared.stage import Health

SPEECH_S = 1.0
SLOW_MS = 1000.0
"""For a second of speech: beyond it the poses come later than the sound."""
PEERS = ("audio2face", "omniverse")
PATIENCE_S = 8.0
"""For a peer to answer: the one who asks stands waiting."""


def run_checkup(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    """Look at every engine of the face. Raises ConfigError for wrong settings only."""
    config = section(settings, "a2f_bridge", BridgeConfig)
    names = ENGINES.members(config)
    for number, name in enumerate(names):
        progress(number / len(names), f"asking {name}")
        yield asyncio.run(_engine(name, config, is_needed=name == names[-1]))
    progress(1.0, "asked")


async def _engine(name: str, config: BridgeConfig, *, is_needed: bool) -> Finding:
    """One engine. Without the last of them there is no face; without any other it moves less well."""
    check = f"a2f_bridge {name}"
    try:
        animator = ENGINES.open(msgspec.structs.replace(config, engine=name, options=_hurried(name, config)))
    except MirrorError as error:
        return _away(check, error, is_needed=is_needed)
    try:
        health = await animator.warm_up()
        timing = await animate(animator, syllables(SPEECH_S))
        if timing.poses != poses_in(round(SPEECH_S * VOICE_HZ)):
            raise EngineFailed(f"{name}: {timing.poses} poses for a second of speech; see its log")
    except MirrorError as error:
        return _away(check, error, is_needed=is_needed)
    finally:
        await animator.close()
    return _timed(check, health, timing)


def _hurried(name: str, config: BridgeConfig) -> dict[str, dict[str, Any]]:
    own = config.options.get(name, {})
    return {**config.options, name: {**own, "warm_up_s": PATIENCE_S}} if name in PEERS else config.options


def _timed(check: str, health: Health, timing: Timing) -> Finding:
    is_slow = timing.whole_ms > SLOW_MS
    return Finding(
        check=check,
        state="missing" if is_slow else "right",
        found=f"{health.device}, {timing.whole_ms:.0f} ms for a second of speech, "
        f"first pose after {timing.first_pose_ms:.0f} ms, warm in {health.warm_s:.1f} s",
        cure="slower than speech: give the peer a GPU of its own, or use embedded" if is_slow else "",
        figures={
            "second_of_speech_ms": round(timing.whole_ms, 2),
            "first_pose_ms": round(timing.first_pose_ms, 2),
            "warm_s": round(health.warm_s, 3),
        },
    )


def _away(check: str, error: MirrorError, *, is_needed: bool) -> Finding:
    """What went wrong, and after a semicolon what to do."""
    what, _, cure = str(error).rpartition("; ")
    return Finding(
        check=check,
        state="wrong" if is_needed else "missing",
        found=what or str(error),
        cure=cure if what else "see services/a2f_bridge/README.md",
    )
