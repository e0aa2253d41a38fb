"""`mirror bench paste-back`: our paste-back against insightface's own, in one run, on one thread each."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np

from services.faceswap.arrays import bytes_of, floats
from services.faceswap.blending import paste
from services.faceswap.engines.inswapper_oracle import LibrarySwapper
from services.faceswap.face_swapper import Image
from services.faceswap.paste_back import Affine, lay_back, lay_on_whole_frame, square_feather
from services.faceswap.sources.stand_in.drawing import Artist
from services.faceswap.sources.stand_in.live_link import Pose
from services.faceswap.templates import TEMPLATES, onto_template
from shared.benchmark import Benchmark, Cell, Table

_FRAMES = {"720p": (1280, 720), "1080p": (1920, 1080)}
_SHARES = (0.35, 0.5, 0.75)
"""Sides of the pasted square, shares of the frame's height. Half is how the virtual human should be framed."""
_SIZE = 128
_TURN = 0.12
"""Radians: a head is never quite upright."""
_COLUMNS = (
    "frame", "square px", "insightface ms", "ours ms", "ratio",
    "levels from the same maths on the whole frame", "levels from insightface's picture",
)  # fmt: skip


class _Case(NamedTuple):
    """One frame, and a swapped face that belongs into it."""

    name: str
    frame: Image
    face: Image
    five: Any
    matrix: Affine


class _Times(NamedTuple):
    """Least milliseconds of all rounds."""

    library: float
    ours: float


def run_benchmark(
    settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> Benchmark:
    """Paste one face both ways into frames of 720p and 1080p.

    Args:
        settings: Not needed: nothing of it is a matter of taste.
        inputs: `quick`: "1" for a short run.
        progress: Told the share done (0..1) and what is being done.

    Raises:
        EngineUnavailable: insightface is not installed.
    """
    del settings
    rounds = 5 if inputs.get("quick") == "1" else 25
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        rows, figures = _measure(rounds, progress)
    finally:
        cv2.setNumThreads(threads)
    note = (
        f"Least of {rounds} alternating rounds, one thread, a new frame each time on both sides. insightface's share is its "
        "whole swap less the same without pasting, around a network that takes no time. The face is the frame's own, "
        "blurred and tinted, turned by 7 degrees. Ratios under figures are the worst of the three sizes."
    )
    table = Table(title="Paste-back, CPU", columns=_COLUMNS, rows=tuple(rows), note=note)
    return Benchmark(name="paste-back", tables=(table,), figures=figures)


def _measure(rounds: int, progress: Callable[[float, str], None]) -> tuple[list[tuple[Cell, ...]], dict[str, float]]:
    rows: list[tuple[Cell, ...]] = []
    figures: dict[str, float] = {}
    cases = [(name, share) for name in _FRAMES for share in _SHARES]
    for done, (name, share) in enumerate(cases):
        progress(done / len(cases), f"pasting at {name}")
        case = _case(name, share)
        library, times = LibrarySwapper(case.face), _time(case, rounds)
        ours = _ours(case)
        exact = lay_on_whole_frame(case.frame, case.face, case.matrix, square_feather(case.matrix, _SIZE))
        apart, from_library = _levels(ours, exact), _levels(ours, library.swap(case.frame, case.five))
        ratio = times.library / times.ours
        side = round(share * case.frame.shape[0])
        rows.append((name, side, round(times.library, 2), round(times.ours, 2), round(ratio, 1), apart, from_library))
        _note(figures, name, ratio, apart, from_library)
    progress(1.0, "")
    return rows, figures


def _note(figures: dict[str, float], name: str, ratio: float, apart: int, from_library: int) -> None:
    """The worst of all sizes."""
    figures[f"{name}.ratio"] = round(min(ratio, figures.get(f"{name}.ratio", ratio)), 2)
    figures[f"{name}.max_difference"] = float(max(apart, figures.get(f"{name}.max_difference", 0.0)))
    figures[f"{name}.insightface_difference"] = float(
        max(from_library, figures.get(f"{name}.insightface_difference", 0.0))
    )


def _case(name: str, share: float) -> _Case:
    width, height = _FRAMES[name]
    frame = Artist(width, height).draw(Pose())
    side = share * height
    turn = np.array([[np.cos(_TURN), -np.sin(_TURN)], [np.sin(_TURN), np.cos(_TURN)]])
    five = floats((TEMPLATES["arcface_128"] - 0.5) * side @ turn.T + [0.47 * width, 0.49 * height])
    matrix = onto_template(five, "arcface_128", _SIZE)
    cut = cv2.warpAffine(frame, matrix, (_SIZE, _SIZE)).astype(np.float32)
    face = bytes_of(cv2.GaussianBlur(cut, (0, 0), 1.2) * floats([0.94, 1.0, 1.05]) + floats([4, 0, 6]))
    return _Case(name, frame, face, five, matrix)


def _ours(case: _Case) -> Image:
    """All that has to be done for one frame."""
    height, width = case.frame.shape[:2]
    patch = lay_back(case.face, case.matrix, square_feather(case.matrix, _SIZE), (width, height))
    assert patch is not None, "every case lies in its frame"
    return paste(case.frame, patch)


def _time(case: _Case, rounds: int) -> _Times:
    library = LibrarySwapper(case.face)
    whole, bare, ours = [], [], []
    for _ in range(rounds + 1):
        ours.append(_milliseconds(lambda: _ours(case)))
        whole.append(_milliseconds(lambda: library.swap(case.frame, case.five)))
        bare.append(_milliseconds(lambda: library.swap_without_pasting(case.frame, case.five)))
    # The first round fills the caches of both.
    return _Times(min(whole[1:]) - min(bare[1:]), min(ours[1:]))


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _levels(one: Image, other: Image) -> int:
    return int(cv2.absdiff(one, other).max())
