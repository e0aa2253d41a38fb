"""`mirror bench faceswap`: where a picture's milliseconds go, how many a second come through, and the full-size network."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import msgspec
import numpy as np

from services.faceswap.blending import paste
from services.faceswap.config import FaceswapConfig
from services.faceswap.engines import ENGINES
from services.faceswap.engines.inswapper import Inswapper, Options
from services.faceswap.engines.inswapper_files import folder_of
from services.faceswap.engines.inswapper_random import write_random_models
from services.faceswap.engines.inswapper_timing import time_network
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import FaceSwapper, Image, SourceFace
from services.faceswap.photo import read_photo
from services.faceswap.second_load import second_load
from services.faceswap.sources.stand_in.drawing import Artist
from services.faceswap.sources.stand_in.live_link import Pose
from services.faceswap.throughput import measure_flow
from shared.benchmark import Benchmark, Cell, Table
from shared.config import section
from shared.errors import BadInput, EngineUnavailable

Progress = Callable[[float, str], None]

_SIZES = {"480p": (640, 480), "720p": (1280, 720), "1080p": (1920, 1080)}
_RATES = (24.0, 30.0, 60.0)


class _Bench(NamedTuple):
    """What is measured."""

    engine: FaceSwapper
    source: SourceFace
    laps: "_Laps"
    quick: bool

    @property
    def poses(self) -> int:
        """Different pictures of the film."""
        return 8 if self.quick else 24


class _Laps:
    """Milliseconds of each step, as an engine tells of it."""

    def __init__(self) -> None:
        self.of: dict[str, list[float]] = defaultdict(list)
        self._last = time.perf_counter()

    def begin(self) -> None:
        """A new frame."""
        self._last = time.perf_counter()

    def __call__(self, step: str) -> None:
        now = time.perf_counter()
        self.of[step].append((now - self._last) * 1000)
        self._last = now


def run_benchmark(settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Progress) -> Benchmark:
    """Measure the configured engine (of a fallback: the preferred one).

    Args:
        settings: All settings; section `faceswap` names the engine.
        inputs: `face`: a photo, else the stand-in's own face; `quick`: "1" for a short run.
        progress: Told the share done (0..1) and what is being done.

    Raises:
        EngineUnavailable: The engine is not there.
        BadInput: There is no such photo, or no face in it.
    """
    config = section(settings, "faceswap", FaceswapConfig)
    name, quick = ENGINES.members(config)[0], inputs.get("quick") == "1"
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    progress(0.0, f"loading {name}")
    try:
        with tempfile.TemporaryDirectory(prefix="mirror-bench-") as folder:
            return _measured(config, name, _photo(inputs.get("face")), Path(folder), progress, quick=quick)
    finally:
        cv2.setNumThreads(threads)


def _measured(
    config: FaceswapConfig, name: str, photo: Image, folder: Path, progress: Progress, *, quick: bool
) -> Benchmark:
    laps, notes = _Laps(), list[str]()
    engine = _open(config, name, laps, folder, notes)
    try:
        engine.warm_up()
        bench = _Bench(engine, engine.prepare(photo), laps, quick)
        notes.append(f"engine {name} on {engine.device}; one OpenCV thread, as in the stage")
        notes += [f"refused: {reason}" for reason in getattr(engine, "refused", ())]
        figures: dict[str, float] = {}
        steps = _step_tables(bench, figures, lambda share: progress(0.05 + 0.4 * share, "swapping"))
        flow = _flow_table(bench, figures, notes, lambda share: progress(0.45 + 0.3 * share, "counting pictures"))
    finally:
        engine.close()
    progress(0.75, "full-size network")
    tables = [*steps, flow]
    if quick:
        notes.append("the full-size network was left out of this short run")
    else:
        tables.append(time_network(folder, figures))
    progress(1.0, "")
    return Benchmark(name="faceswap", tables=tuple(tables), figures=figures, notes=tuple(notes))


def _open(config: FaceswapConfig, name: str, laps: _Laps, folder: Path, notes: list[str]) -> FaceSwapper:
    """The engine, telling its steps if it can; without weights of its own inswapper gets random ones of full size."""
    if name != "inswapper":
        return ENGINES.open(msgspec.structs.replace(config, engine=name))
    options = msgspec.convert(config.options.get("inswapper", {}), Options)
    try:
        folder_of(options.model)
    except EngineUnavailable as error:
        notes.append(f"random weights of full size, detector and recogniser idle: {error}")
        made = write_random_models(folder, options.detector_px)
        options = msgspec.structs.replace(options, model=str(made), swapper="inswapper_128")
    return Inswapper(options, on_step=laps)


def _photo(name: str | None) -> Image:
    if not name:
        return Artist(640, 480).draw(Pose())
    try:
        return read_photo(Path(name).read_bytes())
    except OSError as error:
        raise BadInput(f"face: cannot read {name} ({error.strerror}); give a JPEG or PNG with --face PHOTO") from error


def _film(size: tuple[int, int], poses: int) -> list[Image]:
    """The stand-in turning to and fro."""
    artist = Artist(*size)
    swing = np.sin(np.linspace(0, 2 * np.pi, poses, endpoint=False))
    return [artist.draw(Pose(yaw=float(0.08 * value))) for value in swing]


def _step_tables(bench: _Bench, figures: dict[str, float], progress: Callable[[float], None]) -> list[Table]:
    """Where the time of one picture goes, by frame size."""
    tables = []
    for done, (name, size) in enumerate(_SIZES.items()):
        progress(done / len(_SIZES))
        taken = _steps(bench, _film(size, bench.poses))
        rows = [
            (step, round(float(np.percentile(values, 50)), 2), round(float(np.percentile(values, 95)), 2))
            for step, values in taken.items()
        ]
        figures[f"{name}.picture_ms"] = round(sum(float(row[1]) for row in rows), 2)
        figures |= {f"{name}.{step.removeprefix('swap: ').replace(' ', '_')}_ms": middle for step, middle, _ in rows}
        note = "The source is left out: the picture of the virtual human is already there. Milliseconds on the clock."
        tables.append(
            Table(
                title=f"One picture of {size[0]} x {size[1]}",
                columns=("step", "p50 ms", "p95 ms"),
                rows=tuple(rows),
                note=note,
            )
        )
    return tables


def _steps(bench: _Bench, film: Sequence[Image]) -> dict[str, list[float]]:
    """Each step's milliseconds over the film, in the order in which they come."""
    mesh, limit_s = FaceMesh(), 3.0 if bench.quick else 12.0
    around: dict[str, list[float]] = {"face mesh": [], "swap": [], "paste": [], "JPEG": []}
    bench.laps.of.clear()
    ends = time.perf_counter() + limit_s
    for frame in film if bench.quick else [*film, *film]:
        began = [time.perf_counter()]
        face = mesh.track(frame)
        began.append(time.perf_counter())
        bench.laps.begin()
        patch = None if face is None else bench.engine.swap(frame, bench.source, face)
        began.append(time.perf_counter())
        shown = frame if patch is None else paste(frame, patch)
        began.append(time.perf_counter())
        cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 82])
        began.append(time.perf_counter())
        for step, took in zip(around, np.diff(began) * 1000, strict=True):
            around[step].append(float(took))
        # A network of full size on a CPU takes seconds a face.
        if time.perf_counter() > ends and len(around["swap"]) >= 2:
            break
    bench.engine.forget()
    return {step: values[1:] for step, values in _in_order(around, bench.laps.of).items()}


def _in_order(around: dict[str, list[float]], inner: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """The swap in its own steps, if the engine tells of them."""
    swap = {f"swap: {step}": values for step, values in inner.items()} if inner else {"swap": around["swap"]}
    return {"face mesh": around["face mesh"], **swap, "paste": around["paste"], "JPEG": around["JPEG"]}


def _flow_table(bench: _Bench, figures: dict[str, float], notes: list[str], progress: Callable[[float], None]) -> Table:
    """Pictures a second in and out, alone and beside a second load."""
    device = "cuda" if bench.engine.device.startswith(("cuda", "tensorrt")) else "cpu"
    seconds = 1.0 if bench.quick else 3.0
    rates = (30.0,) if bench.quick else _RATES
    rows: list[tuple[Cell, ...]] = []
    film = _film(_SIZES["720p"], bench.poses)
    for load in ("alone", f"second load on the {device}"):
        try:
            with nullcontext() if load == "alone" else second_load(device):
                for per_s in rates:
                    progress(len(rows) / (2 * len(rates)))
                    flow = measure_flow(bench.engine, bench.source, film, per_s=per_s, seconds=seconds)
                    numbers = (flow.frames_in, flow.frames_out, flow.age_p50_ms, flow.age_p95_ms)
                    rows.append((load, *(round(one, 1) for one in numbers)))
                    key = f"720p.{'alone' if load == 'alone' else 'loaded'}.at_{per_s:.0f}"
                    figures[f"{key}.out_per_s"] = round(flow.frames_out, 2)
        except EngineUnavailable as error:
            notes.append(str(error))
    note = (
        f"1280 x 720, {seconds:.0f} s each; a sender that never waits, the newest frame wins. Age: from a frame's arrival to its "
        "JPEG. The load beside it: on a CPU one core kept busy, on a GPU the full-size network running without a pause."
    )
    columns = ("beside", "in/s", "out/s", "age p50 ms", "age p95 ms")
    return Table(title="Pictures a second", columns=columns, rows=tuple(rows), note=note)
