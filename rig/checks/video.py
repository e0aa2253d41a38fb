"""Does the virtual human's picture arrive, how often, and how evenly? Runs in a process of its own."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from services.faceswap.config import FaceswapConfig
from services.faceswap.sources import SOURCES
from services.faceswap.video_source import VideoSource
from shared.checkup import Finding
from shared.config import section
from shared.engines import EngineChoice
from shared.errors import MirrorError

WATCH_S = 3.0
"""Of pictures, once they come."""
PATIENCE_S = 8.0
"""For the first: OBS tries again every few seconds."""
SLOWEST_FPS = 23.0
UNEVEN_MS = 90.0
"""95th percentile between two pictures: two slots of 24 a second."""


def run_checkup(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    """Open the configured source and watch it."""
    config = section(settings, "faceswap", FaceswapConfig)
    if config.source == "stand_in":
        yield Finding(check="video in", state="right", found="the built-in virtual human: none is needed")
        return
    try:
        source = SOURCES.open(EngineChoice(engine=config.source, options=config.source_options))
        source.open(config.width, config.height)
    except MirrorError as error:
        yield Finding(check="video in", state="wrong", found=f"{config.source} cannot be opened", cure=str(error))
        return
    try:
        yield judge(config.source, _watch(source, progress), source.trouble)
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
        time.sleep(0.004)
    return seen


def judge(name: str, seen: list[float], trouble: str) -> Finding:
    """What the pictures' times mean.

    Args:
        name: Of the source.
        seen: Host clock, seconds, of each picture, in order.
        trouble: Why none comes, as the source says.
    """
    if len(seen) < 2:
        found = f"{name}: no picture in {PATIENCE_S:.0f} s" + (f" ({trouble})" if trouble else "")
        cure = "start Unreal and OBS's stream to the address in [faceswap.source_options]; docs/rig.md has the steps"
        return Finding(check="video in", state="wrong", found=found, cure=cure)
    gaps_ms = np.diff(np.array(seen)) * 1000
    fps, p95 = 1000 / float(gaps_ms.mean()), float(np.percentile(gaps_ms, 95))
    cure = ""
    if fps < SLOWEST_FPS:
        cure = "cap Unreal and OBS at 24 frames a second, and look at what keeps them below it"
    elif p95 > UNEVEN_MS:
        cure = "pictures come in bunches: zerolatency tuning and no B-frames in OBS, a cable instead of wireless"
    found = f"{name}: {fps:.1f} a second, 95 in 100 within {p95:.0f} ms; its delay is measured with `mirror rig clap`"
    figures = {"fps": round(fps, 2), "gap_p95_ms": round(p95, 1)}
    return Finding(check="video in", state="missing" if cure else "right", found=found, cure=cure, figures=figures)
