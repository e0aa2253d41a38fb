"""Is there video, and is it good: the configured source opened, watched for a few seconds, and judged."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from services.faceswap.config import FaceswapConfig
from services.faceswap.sources import SOURCES
from services.faceswap.video_source import VideoSource, VideoStatus
from shared.checkup import Finding
from shared.config import section
from shared.engines import EngineChoice
from shared.errors import EngineUnavailable, MirrorError

ARRIVAL_S = 6.0
"""How long a first picture is waited for. OBS that was refused or dropped tries again after 2 s, then after longer."""
WATCH_S = 3.0
LEAST_FPS = 20.0
"""Unreal is capped at 24; fewer than this are seen as stutter."""
MOST_DELAY_MS = 60.0
"""Here alone, without OBS: 7 to 10 ms are usual. More: this machine is too busy to decode."""
_CHECK = "video in"


def video_findings(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    """Open the configured source and watch it. Never raises for a source that does not work: that is a finding."""
    progress(0.0, _CHECK)
    try:
        config = section(settings, "faceswap", FaceswapConfig)
        source = SOURCES.open(EngineChoice(engine=config.source, options=config.source_options))
    except MirrorError as error:
        yield Finding(check=_CHECK, state="wrong", found=str(error), cure="correct [faceswap] source and its options")
        return
    try:
        source.open(config.width, config.height)
        status = _watch(source, lambda share: progress(share, _CHECK))
    except EngineUnavailable as error:
        yield _cannot_open(source.name, str(error))
    else:
        yield from judge(source.name, status, (config.width, config.height))
    finally:
        source.close()


def _cannot_open(name: str, error: str) -> Finding:
    """A listener's port may be taken by the mirror itself, which is no fault."""
    is_port = "cannot listen" in error
    cure = (
        "if the mirror is running, it has the port: look at its operator page; otherwise stop what has it"
        if is_port
        else error
    )
    return Finding(check=f"{_CHECK} ({name})", state="missing" if is_port else "wrong", found=error, cure=cure)


def _watch(source: VideoSource, tell: Callable[[float], None]) -> VideoStatus:
    """How the source does after a while of being asked for pictures."""
    began, came_at = time.monotonic(), None
    pause = threading.Event()
    while True:
        now = time.monotonic()
        if source.newest(now) is not None and came_at is None:
            came_at = now
        limit = began + ARRIVAL_S if came_at is None else came_at + WATCH_S
        tell(min(1.0, (now - began) / (ARRIVAL_S + WATCH_S)))
        if now >= limit:
            return source.status()
        pause.wait(0.005)


def judge(name: str, status: VideoStatus, wanted: tuple[int, int]) -> Iterator[Finding]:
    """What a source's state is worth.

    Args:
        name: The word of the settings for it.
        status: How it did.
        wanted: Width and height of the mirror, pixels.
    """
    check = f"{_CHECK} ({name})"
    figures = {"fps": round(status.fps, 2), "delay_ms": round(status.delay_ms, 1)}
    if name == "stand_in":
        yield Finding(check=check, state="right", found="built in: drawn from the blendshapes")
        return
    if status.trouble:
        state = "missing" if name == "understudy" else "wrong"
        yield Finding(
            check=check,
            state=state,
            found=status.trouble,
            cure=_CURES.get(name, "see docs/rig.md, video"),
            figures=figures,
        )  # type: ignore[arg-type]  # one of two literals
        return
    faults = list(_faults(status, wanted))
    yield Finding(
        check=check,
        state="missing" if faults else "right",
        found=msgspec.structs.replace(status, advice="").line,
        cure="; ".join(faults),
        figures=figures,
    )


_CURES = {
    "rtmp": "start streaming in OBS: server rtmp://HOST:PORT/live and the stream key of the settings; docs/rig.md, OBS",
    "understudy": "start streaming in OBS; until then the second source is shown",
    "pull": "start the server, and check address with `ffplay ADDRESS` on this machine",
    "film": "name a film that can be played: [faceswap.source_options.film] file",
}


def _faults(status: VideoStatus, wanted: tuple[int, int]) -> Iterator[str]:
    if status.fps < LEAST_FPS:
        yield f"{status.fps:.0f} pictures a second are few: is Unreal capped at 24 and OBS set to 24 fps?"
    if status.delay_ms > MOST_DELAY_MS:
        yield f"{status.delay_ms:.0f} ms from arrival to picture: this machine is too busy to decode in time"
    if status.width < wanted[0] or status.height < wanted[1]:
        yield f"the sender's {status.width}x{status.height} is smaller than the mirror's {wanted[0]}x{wanted[1]}: raise it in OBS"
    if status.advice:
        yield status.advice
