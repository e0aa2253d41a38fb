"""Can it show a face tonight? Every engine that may swap is opened, warmed, taught a face, and timed on the stand-in."""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import cv2
import msgspec

from services.faceswap.config import FaceswapConfig
from services.faceswap.engines import ENGINES
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import FaceSwapper, Image, Points
from services.faceswap.sources.stand_in.drawing import Artist
from services.faceswap.sources.stand_in.live_link import Pose
from shared.checkup import Finding
from shared.config import section
from shared.errors import EngineFailed, MirrorError

_FRAMES = 12
_SHARE = 0.6
"""Of the time between two pictures that a swap may take: tracking, pasting and JPEG need the rest."""


def run_checkup(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    """Look at every engine that may swap. Raises ConfigError for wrong settings only."""
    config = section(settings, "faceswap", FaceswapConfig)
    names = ENGINES.members(config)
    # As in the stage: more threads made the median worse beside everything else.
    cv2.setNumThreads(1)
    for number, name in enumerate(names):
        progress(number / len(names), f"loading {name}")
        yield from _look_at(name, config, is_needed=number == len(names) - 1)
    progress(1.0, "swapped")


def _look_at(name: str, config: FaceswapConfig, *, is_needed: bool) -> list[Finding]:
    """One engine. Without the last of them the mirror has no face; without the first it has a plainer one."""
    check = f"faceswap {name}"
    try:
        engine = ENGINES.open(msgspec.structs.replace(config, engine=name))
        try:
            return [_swapped(check, engine, config), *_refused(check, engine)]
        finally:
            engine.close()
    except MirrorError as error:
        what, _, cure = str(error).rpartition("; ")
        return [
            Finding(
                check=check,
                state="wrong" if is_needed else "missing",
                found=what or str(error),
                cure=cure or str(error),
            )
        ]


def _swapped(check: str, engine: FaceSwapper, config: FaceswapConfig) -> Finding:
    """Its times on the stand-in, in the size of the mirror's picture."""
    began = time.perf_counter()
    engine.warm_up()
    warm_s = time.perf_counter() - began
    frame, face = _stand_in(config.width, config.height)
    began = time.perf_counter()
    source = engine.prepare(frame)
    learn_ms = (time.perf_counter() - began) * 1000
    took = []
    for _ in range(_FRAMES):
        began = time.perf_counter()
        engine.swap(frame, source, face)
        took.append((time.perf_counter() - began) * 1000)
    swap_ms, worst_ms = median(took[2:]), max(took[2:])
    limit_ms = _SHARE * 1000 / config.fps
    cure = ""
    if engine.device.startswith("cpu ("):
        cure = "it runs on the CPU: install services/faceswap/requirements-gpu.txt in place of onnxruntime, and look at `nvidia-smi`"
    elif swap_ms > limit_ms:
        cure = f"slower than {config.fps:.0f} pictures a second allow ({limit_ms:.0f} ms): a faster device, or fewer pictures"
    return Finding(
        check=check,
        state="missing" if cure else "right",
        found=f"{engine.device}; a swap {swap_ms:.1f} ms, at worst {worst_ms:.1f}; a face learned in {learn_ms:.0f} ms, warm in {warm_s:.1f} s",
        cure=cure,
        figures={
            "warm_s": round(warm_s, 2), "learn_ms": round(learn_ms, 1), "swap_ms": round(swap_ms, 2),
            "swap_worst_ms": round(worst_ms, 2),
        },
    )  # fmt: skip


def _refused(check: str, engine: FaceSwapper) -> list[Finding]:
    """Faster ways that an engine was asked for and could not take."""
    return [
        Finding(check=f"{check}, faster", state="missing", found=reason, cure="turn it off in [faceswap.options.inswapper], or mend it")
        for reason in getattr(engine, "refused", ())
    ]  # fmt: skip


def _stand_in(width: int, height: int) -> tuple[Image, Points]:
    frame = Artist(width, height).draw(Pose())
    face = FaceMesh().track(frame)
    if face is None:
        raise EngineFailed("faceswap: the face mesh sees no face in the stand-in; run `mirror models pull`")
    return frame, face
