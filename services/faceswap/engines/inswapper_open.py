"""Settings of the inswapper engine, and from them to its open networks."""

import logging
import time
from pathlib import Path
from typing import Literal

import msgspec

from services.faceswap.engines.inswapper_choice import Chosen, choose, faster_ways, probes_for
from services.faceswap.engines.inswapper_files import ModelFiles, find_models, folder_of, read_emap, signature
from services.faceswap.engines.inswapper_networks import Detector, Networks, Recogniser, Swapper
from services.faceswap.engines.inswapper_runtime import CPU, CUDA, Net, Way, available
from services.faceswap.latent import EMAP, EMBEDDING
from services.faceswap.swapper_kinds import SwapperKind, kind_of

_LOG = logging.getLogger(__name__)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings under [faceswap.options.inswapper]."""

    model: str = ""
    """Folder with detector, recogniser and swapper; empty: `inswapper` among the model files."""
    swapper: str = "inswapper_128"
    """Which swapper: a name of `swapper_kinds.KINDS`, or of a `<name>.toml` in the folder."""
    device: Literal["auto", "cuda", "cpu"] = "auto"
    """auto: the GPU if onnxruntime has one, else the CPU, and it says so. cuda: the GPU or not at all."""
    cuda_graph: bool = True
    """Replay the network as one recorded graph, if it then draws the same."""
    tensorrt: bool = False
    """Let TensorRT build an engine, if it then draws the same. The first start takes minutes."""
    half: bool = False
    """Sixteen-bit floats (with CUDA: the folder's `<swapper>_fp16.onnx`), if they then draw the same."""
    conv_search: Literal["EXHAUSTIVE", "HEURISTIC", "DEFAULT"] = "EXHAUSTIVE"
    """How cuDNN looks for its algorithms at the start. On some new cards DEFAULT was the fastest."""
    gpu_memory_mb: int = 3072
    """Most memory of the GPU for each network; Unreal needs the rest."""
    cpu_threads: int = 2
    """Of each network, where it runs on the CPU."""
    detector_px: int = 320
    """Side of the square that the detector sees, unless its file fixes it; the face fills half of it whatever its size in the
    frame."""
    detect_every: int = 3
    """Frames from one detection to the next; optical flow carries its points in between."""
    mask: Literal["face", "oval", "square"] = "face"
    """How the swapped square fades: a soft oval within the face's own outline, the oval alone, or insightface's own square."""
    tone_match: float = 0.6
    """0: the network's own light and tone; 1: exactly the virtual human's. The network follows the light by itself, almost."""
    light_follow: float = 0.25
    """How much of a new frame's light is taken over at once; the rest is kept from before. 1 flickers."""
    sharpen: float = 0.35
    """How much fine contrast is added: 128 pixels are shown on 300 to 500."""
    keep_mouth: bool = True
    """What is seen between the lips stays the virtual human's: the network blurs teeth, and lips must match the sound."""


def open_networks(options: Options) -> Networks:
    """All networks, checked and open, the swapper the fastest way that draws right.

    Raises:
        ConfigError: The settings name a swapper that is not known.
        EngineUnavailable: A file, a package or the device is missing or wrong.
        EngineFailed: A network failed on its first picture.
    """
    folder = folder_of(options.model)
    kind = kind_of(options.swapper, folder)
    files = find_models(folder, options.swapper, kind)
    emap = read_emap(files.swapper) if kind.latent == EMAP else None
    device = device_of(options.device)
    usual = Way(device=device, options=_cuda_options(options) if device == CUDA else {})
    chosen = _open_swapper(options, files, kind, usual)
    for reason in chosen.refused:
        _LOG.warning("a faster way to swap was refused", extra={"reason": reason})
    threads = options.cpu_threads
    converter = Net(files.converter, [(1, EMBEDDING)], usual, threads) if files.converter else None
    return Networks(
        detector=Detector(files.detector, _side_of(files.detector) or options.detector_px, usual, threads),
        recogniser=Recogniser(files.recogniser, usual, threads),
        swapper=Swapper(chosen.net, kind, chosen.way.label),
        kind=kind,
        emap=emap,
        converter=converter,
        refused=chosen.refused,
    )


def device_of(wanted: str) -> str:
    """The device to try. Whether it works shows when a network is opened on it."""
    if wanted != "auto":
        return wanted
    return CUDA if CUDA in available() else CPU


def _open_swapper(options: Options, files: ModelFiles, kind: SwapperKind, usual: Way) -> Chosen:
    shapes = [(1, 3, kind.size_px, kind.size_px), (1, EMBEDDING)]

    def open_way(way: Way) -> Net:
        return Net(_file_for(files.swapper, way), shapes, way, options.cpu_threads)

    faster = faster_ways(
        usual.device, graph=options.cuda_graph, tensorrt=options.tensorrt, half=options.half,
        options={**_cuda_options(options), **_tensorrt_options(files.swapper)},
    )  # fmt: skip
    return choose(usual, faster, open_way, probes_for(kind.size_px, EMBEDDING), time.perf_counter)


def _side_of(detector: Path) -> int | None:
    """Pixels a side if the file leaves no choice."""
    return signature(detector).inputs[0][2]


def _file_for(swapper: Path, way: Way) -> Path:
    """CUDA computes in the file's own numbers, TensorRT in those it is told."""
    return swapper.with_name(f"{swapper.stem}_fp16.onnx") if way.is_half and way.device == CUDA else swapper


def _cuda_options(options: Options) -> dict[str, str]:
    return {
        "cudnn_conv_algo_search": options.conv_search,
        "gpu_mem_limit": str(options.gpu_memory_mb * 1024 * 1024),
        # Doubling, the default, took gigabytes that Unreal misses.
        "arena_extend_strategy": "kSameAsRequested",
    }


def _tensorrt_options(swapper: Path) -> dict[str, str]:
    """Engines are kept beside the weights: building one takes minutes."""
    return {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(swapper.parent / "tensorrt")}
