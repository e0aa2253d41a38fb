"""Which way to run the swapper: the first of the faster ways whose pictures are those of the plain one.

Half floats gave black or speckled faces with several versions of onnxruntime, a replayed CUDA graph shows the last visitor's
face if its buffers moved, a TensorRT engine may be built from another file. So each way has to draw three pictures first, the
first of them twice, and is taken only if it draws what the plain way draws, and no slower.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from services.faceswap.arrays import Floats, floats
from services.faceswap.engines.inswapper_runtime import CPU, CUDA, TENSORRT, Way
from shared.errors import EngineFailed, EngineUnavailable

_LEAST_PSNR_DB = 35.0
"""Against the plain way: below it a difference can be seen."""
_RUNS = 5


class Runner(Protocol):
    """An open network."""

    def run(self, *inputs: Floats) -> list[Floats]:
        """Its outputs."""
        ...


class Chosen(NamedTuple):
    """What came of it."""

    net: Runner
    way: Way
    refused: tuple[str, ...]
    """Every faster way that was not taken, and why."""


def faster_ways(device: str, *, graph: bool, tensorrt: bool, half: bool, options: dict[str, str]) -> list[Way]:
    """What to try on a device, the most promising first. Nothing on a CPU."""
    if device == CPU:
        return []
    ways = []
    if tensorrt:
        trt = {key: value for key, value in options.items() if key.startswith("trt_")}
        ways.append(Way(device=TENSORRT, is_graph=graph, is_half=half, options=trt))
    cuda = {key: value for key, value in options.items() if not key.startswith("trt_")}
    if half:
        ways.append(Way(device=CUDA, is_graph=graph, is_half=True, options=cuda))
    if graph:
        ways.append(Way(device=CUDA, is_graph=True, options=cuda))
    return ways


def choose(
    usual: Way, faster: Sequence[Way], open_way: Callable[[Way], Runner], probes: Sequence[tuple[Floats, ...]],
    clock: Callable[[], float],
) -> Chosen:  # fmt: skip
    """The best way that is right.

    Args:
        usual: The plain way; it must work.
        faster: What to try, in order.
        open_way: Opens the network that way.
        probes: Inputs to draw; different ones.
        clock: Seconds.

    Raises:
        EngineUnavailable: The plain way cannot be opened.
        EngineFailed: The plain way fails.
    """
    plain = open_way(usual)
    if not faster:
        return Chosen(plain, usual, ())
    order = [*probes, probes[0]]
    right = [plain.run(*probe)[0] for probe in order]
    needed = _seconds(plain, order[0], clock)
    refused: list[str] = []
    for way in faster:
        try:
            net = open_way(way)
            reason = _wrong([net.run(*probe)[0] for probe in order], right)
            took = _seconds(net, order[0], clock)
        except (EngineUnavailable, EngineFailed) as error:
            reason, took = str(error), 0.0
        if not reason and took > needed:
            reason = f"slower ({1000 * took:.1f} ms) than the plain way ({1000 * needed:.1f} ms)"
        if not reason:
            return Chosen(net, way, tuple(refused))
        refused.append(f"{way.label}: {reason}")
    return Chosen(plain, usual, tuple(refused))


def probes_for(size: int, latent: int) -> list[tuple[Floats, ...]]:
    """Two pictures and two latents that have nothing in common: soft random colours, fixed."""
    random = np.random.default_rng(20)
    made: list[tuple[Floats, ...]] = []
    for _ in range(2):
        coarse = random.uniform(0, 1, (1, 3, 8, 8))
        picture = np.repeat(np.repeat(coarse, math.ceil(size / 8), axis=2), math.ceil(size / 8), axis=3)
        person = random.normal(size=(1, latent))
        made.append((floats(picture[:, :, :size, :size]), floats(person / np.linalg.norm(person))))
    return made


def _wrong(drawn: Sequence[Floats], right: Sequence[Floats]) -> str:
    """Why these are not the right pictures, or empty."""
    if not all(np.isfinite(one).all() for one in drawn):
        return "gives numbers that are none"
    worst = min(_psnr_db(one, other) for one, other in zip(drawn, right, strict=True))
    return "" if worst >= _LEAST_PSNR_DB else f"draws another picture ({worst:.0f} dB, {_LEAST_PSNR_DB:.0f} wanted)"


def _psnr_db(one: Floats, other: Floats) -> float:
    if one.shape != other.shape:
        return 0.0
    error = float(((one - other) ** 2).mean())
    peak = max(1e-6, float(np.ptp(other)))
    return 99.0 if error <= 0 else 10 * math.log10(peak**2 / error)


def _seconds(net: Runner, probe: tuple[Floats, ...], clock: Callable[[], float]) -> float:
    """Least of some runs."""
    took = []
    for _ in range(_RUNS):
        began = clock()
        net.run(*probe)
        took.append(clock() - began)
    return min(took)
