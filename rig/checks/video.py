"""Does the virtual human's picture arrive, how often, and how evenly? Runs in a process of its own."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from rig.checks.ground import Ground
from services.faceswap.config import FaceswapConfig
from services.faceswap.sources import SOURCES
from services.faceswap.video_source import VideoSource, VideoStatus
from shared.checkup import Finding
from shared.config import section
from shared.engines import EngineChoice
from shared.errors import MirrorError

State = Literal["missing", "wrong"]
POLL_S = 0.004
WATCH_S = 3.0
"""Of pictures, once they come."""
PATIENCE_S = 8.0
"""For the first: OBS tries again every few seconds."""
SLOWEST_FPS = 23.0
UNEVEN_MS = 90.0
"""95th percentile between two pictures: two slots of 24 a second."""


def run_checkup(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    """Open the configured source and watch it; of an understudy, the one it stands in for."""
    config = section(settings, "faceswap", FaceswapConfig)
    names = Ground(settings=settings).sources()
    if names[0] == "stand_in":
        yield Finding(check="video in", state="right", found="the built-in virtual human: none is needed")
        return
    has_other = len(names) > 1
    try:
        source = SOURCES.open(EngineChoice(engine=names[0], options=config.source_options))
        source.open(config.width, config.height)
    except MirrorError as error:
        state: State = "missing" if has_other else "wrong"
        yield Finding(check="video in", state=state, found=f"{names[0]} cannot be opened", cure=str(error))
        return
    try:
        seen = _watch(source, progress)
        yield judge(names[0], seen, source.status(), has_other=has_other)
    finally:
        source.close()


def _watch(source: VideoSource, progress: Callable[[float, str], None]) -> list[float]:
    """Host clock, seconds, of every picture over WATCH_S; empty if none came in time."""
    seen: list[float] = []
    began = time.monotonic()
    while (now := time.monotonic()) < (seen[0] + WATCH_S if seen else began + PATIENCE_S):
        progress(min(1.0, (now - began) / (PATIENCE_S + WATCH_S)), "watching" if seen else "waiting for a picture")
        if shot := source.newest(now):
            seen.append(shot.captured_at)
        time.sleep(POLL_S)
    return seen


def judge(name: str, seen: list[float], status: VideoStatus, *, has_other: bool = False) -> Finding:
    """What the pictures' times mean.

    Args:
        name: Of the source.
        seen: Host clock, seconds, of each picture, in order.
        status: What the source says of itself.
        has_other: Another source steps in where this one is silent.
    """
    if len(seen) < 2:
        found = f"{name}: no picture in {PATIENCE_S:.0f} s" + (f" ({status.trouble})" if status.trouble else "")
        cure = "start Unreal and OBS's stream to the address in [faceswap.source_options]; docs/rig.md has the steps"
        return Finding(check="video in", state="missing" if has_other else "wrong", found=found, cure=cure)
    gaps_ms = np.diff(np.array(seen)) * 1000
    fps, p95 = 1000 / float(gaps_ms.mean()), float(np.percentile(gaps_ms, 95))
    cure = status.advice
    if fps < SLOWEST_FPS:
        cure = "cap Unreal and OBS at 24 frames a second, and look at what keeps them below it"
    elif p95 > UNEVEN_MS:
        cure = "pictures come in bunches: zerolatency tuning and no B-frames in OBS, a cable instead of wireless"
    found = (
        f"{name}: {status.width}x{status.height}, {fps:.1f} a second, 95 in 100 within {p95:.0f} ms of the last, "
        f"{status.delay_ms:.0f} ms from arrival to ready (the whole way to the glass: `mirror rig clap`)"
    )
    figures = {"fps": round(fps, 2), "gap_p95_ms": round(p95, 1), "delay_ms": round(status.delay_ms, 1)}
    return Finding(check="video in", state="missing" if cure else "right", found=found, cure=cure, figures=figures)
