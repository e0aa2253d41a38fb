"""The swapper's network alone, full size, random weights, every way this machine can run it."""

import time
from pathlib import Path
from statistics import median

from services.faceswap.engines.inswapper_choice import faster_ways
from services.faceswap.engines.inswapper_random import count_weights, random_inputs, write_random_swapper
from services.faceswap.engines.inswapper_runtime import CPU, CUDA, TENSORRT, Net, Way, available
from shared.benchmark import Cell, Table
from shared.errors import EngineFailed, EngineUnavailable

_COLUMNS = ("way", "median ms", "least ms", "faces/s", "opened in s")
_RUNS = {CPU: 3, CUDA: 100, TENSORRT: 100}
_SHAPES = [(1, 3, 128, 128), (1, 512)]


def time_network(folder: Path, figures: dict[str, float], threads: int = 2) -> Table:
    """Time it.

    Args:
        folder: Where its 554 MB may lie.
        figures: The medians are added, by device: `network.cpu.ms`.
        threads: On the CPU.
    """
    path = folder / "inswapper_128.onnx"
    if not path.is_file():
        write_random_swapper(path)
    rows = []
    for way in _ways(folder):
        row = _timed(path, way, threads)
        rows.append(row)
        if isinstance(row[1], float):
            figures[f"network.{way.label.replace(', ', '_')}.ms"] = row[1]
    note = (
        f"Random weights: {count_weights(path) / 1e6:.1f} million numbers in inswapper_128's own layers, 175 thousand million "
        f"multiplications a face. Picture and latent copied in, picture copied out. {threads} threads on the CPU."
    )
    return Table(title="The network alone, 128 x 128", columns=_COLUMNS, rows=tuple(rows), note=note)


def _ways(folder: Path) -> list[Way]:
    devices = available()
    if CUDA not in devices:
        return [Way(device=CPU)]
    cache = {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(folder)}
    ways = [Way(device=CUDA)]
    for half in (False, True):
        tried = faster_ways(CUDA, graph=True, tensorrt=TENSORRT in devices, half=half, options=cache)
        # With CUDA half floats need a file of their own; there is none of random weights.
        ways += [way for way in tried if way not in ways and not (way.is_half and way.device == CUDA)]
    return ways


def _timed(path: Path, way: Way, threads: int) -> tuple[Cell, ...]:
    try:
        began = time.perf_counter()
        net = Net(path, _SHAPES, way, threads)
        inputs = random_inputs(1)
        net.run(*inputs)
        opened_s = time.perf_counter() - began
        took = []
        for _ in range(_RUNS[way.device]):
            began = time.perf_counter()
            net.run(*inputs)
            took.append((time.perf_counter() - began) * 1000)
    except (EngineUnavailable, EngineFailed) as error:
        return (f"{way.label}: {error}", None, None, None, None)
    middle = median(took)
    return (way.label, round(middle, 2), round(min(took), 2), round(1000 / middle, 2), round(opened_s, 1))
