"""The edge to onnxruntime: which device, sessions with fixed buffers, and its errors as ours.

On a GPU the inputs and outputs of a network live in buffers that are bound once; a frame is copied in, the network runs (as a
recorded CUDA graph where that was asked for), the picture is copied out. On the CPU the same code runs without the copies.
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.faceswap.arrays import Floats, floats
from shared.errors import EngineFailed, EngineUnavailable
from shared.lost_context import engine_failed

CPU, CUDA, TENSORRT = "cpu", "cuda", "tensorrt"
_PROVIDERS = {CPU: "CPUExecutionProvider", CUDA: "CUDAExecutionProvider", TENSORRT: "TensorrtExecutionProvider"}
_EXHAUSTED = ("out of memory", "failed to allocate", "bad_alloc", "alloc_failed", "bad allocation")
"""What onnxruntime, CUDA, cuBLAS and cuDNN say when the GPU's memory is gone; they have no error of their own for it."""


class OutOfMemory(EngineFailed):
    """The device has no memory left; the sessions must be let go and opened anew."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way to run a network."""

    device: str = CPU
    """cpu, cuda or tensorrt."""
    is_graph: bool = False
    """Recorded once, replayed from then on: no launch costs. Needs buffers that never move."""
    is_half: bool = False
    """Sixteen-bit floats."""
    options: Mapping[str, str] = {}
    """Further options of the provider."""

    @property
    def label(self) -> str:
        """For people."""
        return ", ".join([self.device, *["graph"] * self.is_graph, *["fp16"] * self.is_half])


def onnxruntime() -> Any:
    """The package, or EngineUnavailable."""
    try:
        import onnxruntime as package
    except ImportError as error:
        raise EngineUnavailable(
            f"faceswap: onnxruntime is missing ({error}); install services/faceswap/requirements-rig.txt (CPU) or "
            "requirements-gpu.txt (GPU)"
        ) from error
    return package


def available() -> tuple[str, ...]:
    """The devices that the installed onnxruntime was built for; that is no promise that they work."""
    built = onnxruntime().get_available_providers()
    return tuple(device for device, provider in _PROVIDERS.items() if provider in built)


class Net:
    """One network with its buffers. Calls may come from any thread; they are done one at a time."""

    def __init__(self, path: Path, shapes: Sequence[tuple[int, ...]], way: Way, threads: int = 2) -> None:
        """Open a file for inputs of these shapes, in the file's order of rank (pictures first).

        Raises:
            EngineUnavailable: It is no network, takes other shapes, or the device is not there.
        """
        self.way = way
        self._path = path
        self._lock = threading.Lock()
        self._runtime = onnxruntime()
        self._errors = _errors(self._runtime)
        if way.device not in available():
            raise EngineUnavailable(
                f"faceswap: {way.device} was asked for, but the installed onnxruntime knows only {', '.join(available())}; "
                "install services/faceswap/requirements-gpu.txt in place of onnxruntime"
            )
        try:
            self._session = self._open(path, way, threads)
            self._inputs = _matched(path, self._session.get_inputs(), shapes)
            self._bind(shapes)
        except self._errors as error:
            raise EngineUnavailable(
                f"faceswap: {path.name} cannot be opened on {way.label} ({_short(error)})"
            ) from error

    def run(self, *inputs: Floats) -> list[Floats]:
        """Its outputs, in the file's order, as float32 that belongs to the caller.

        Raises:
            OutOfMemory: The device has no memory left.
            EngineFailed: Anything else went wrong in it.
        """
        try:
            with self._lock:
                for buffer, (_, kind), value in zip(self._buffers, self._inputs, inputs, strict=True):
                    buffer.update_inplace(np.ascontiguousarray(value, kind))
                self._session.run_with_iobinding(self._binding)
                return [floats(one).copy() for one in self._binding.copy_outputs_to_cpu()]
        except self._errors as error:
            if isinstance(error, MemoryError) or any(word in str(error).lower() for word in _EXHAUSTED):
                raise OutOfMemory(f"faceswap: {self.way.device} has no memory left ({_short(error)})") from error
            raise engine_failed(f"faceswap: the network failed on {self.way.label} ({_short(error)})", error) from error

    def try_out(self, *inputs: Floats) -> list[tuple[int, ...]]:
        """Shapes of what it answers. Raises EngineUnavailable: it cannot answer at all."""
        try:
            return [one.shape for one in self.run(*inputs)]
        except EngineFailed as error:
            raise EngineUnavailable(f"{error}; is {self._path.name} the network that the settings say?") from error

    def _open(self, path: Path, way: Way, threads: int) -> Any:
        settings = self._runtime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        # Waiting threads would burn the cores that Unreal, the sound and the picture need.
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Warnings about nodes left on the CPU are no news to whoever looks at the picture.
        settings.log_severity_level = 3
        if way.device != CPU and hasattr(self._runtime, "preload_dlls"):
            self._runtime.preload_dlls()
        session = self._runtime.InferenceSession(str(path), settings, providers=_providers(way))
        opened = session.get_providers()[0]
        if opened != _PROVIDERS[way.device]:
            # It says so on stderr and goes on with the CPU, a hundred times slower.
            raise EngineUnavailable(
                f"faceswap: {way.device} was asked for, but onnxruntime opened {path.name} with {opened}; install "
                "requirements-gpu.txt and look at `nvidia-smi`"
            )
        return session

    def _bind(self, shapes: Sequence[tuple[int, ...]]) -> None:
        """Inputs in buffers that stay where they are; outputs too where the file says how large they are."""
        place = CPU if self.way.device == CPU else CUDA
        value = self._runtime.OrtValue
        self._binding = self._session.io_binding()
        self._buffers = []
        by_rank = sorted(shapes, key=len, reverse=True)
        for (name, kind), shape in zip(self._inputs, by_rank, strict=True):
            buffer = value.ortvalue_from_numpy(np.zeros(shape, kind), place, 0)
            self._binding.bind_ortvalue_input(name, buffer)
            self._buffers.append(buffer)
        for output in self._session.get_outputs():
            if all(isinstance(one, int) for one in output.shape):
                fixed = value.ortvalue_from_shape_and_type(output.shape, _dtype(output.type), place, 0)
                self._binding.bind_ortvalue_output(output.name, fixed)
            else:
                self._binding.bind_output(output.name, place)


def _providers(way: Way) -> list[Any]:
    flags = {CUDA: "enable_cuda_graph", TENSORRT: "trt_cuda_graph_enable"}
    options = dict(way.options)
    if way.is_graph:
        options[flags[way.device]] = "1"
    if way.is_half and way.device == TENSORRT:
        options["trt_fp16_enable"] = "1"
    rest = [] if way.device == CPU else [_PROVIDERS[CUDA], _PROVIDERS[CPU]]
    return [(_PROVIDERS[way.device], options), *(one for one in rest if one != _PROVIDERS[way.device])]


def _matched(path: Path, inputs: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> list[tuple[str, Any]]:
    """Names and number types of the inputs, by falling rank: neither names nor order are the same in all files."""
    by_rank = sorted(inputs, key=lambda one: -len(one.shape))
    wanted = sorted(shapes, key=len, reverse=True)
    fits = len(by_rank) == len(wanted) and all(
        _fits(one.shape, shape) for one, shape in zip(by_rank, wanted, strict=True)
    )
    if not fits:
        raise EngineUnavailable(
            f"faceswap: {path.name} takes {[list(one.shape) for one in inputs]}, should take {[list(one) for one in wanted]}; "
            "it is another network than the settings say"
        )
    return [(one.name, _dtype(one.type)) for one in by_rank]


def _fits(has: Sequence[Any], wanted: tuple[int, ...]) -> bool:
    """Sizes that the file leaves open are names or None."""
    return len(has) == len(wanted) and all(
        not isinstance(one, int) or one == size for one, size in zip(has, wanted, strict=True)
    )


def _dtype(name: str) -> type[np.float16] | type[np.float32]:
    return np.float16 if name == "tensor(float16)" else np.float32


def _errors(package: Any) -> tuple[type[BaseException], ...]:
    """All that onnxruntime raises: it has no common base for its errors."""
    kinds = vars(package.capi.onnxruntime_pybind11_state).values()
    own = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*own, RuntimeError, ValueError, MemoryError)


def _short(error: BaseException) -> str:
    """Its first line, cut: onnxruntime's go on for pages."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def picture_blob(square: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]) -> Floats:
    """A picture as a network takes it.

    Args:
        square: Shape (size, size, 3), BGR.
        mean: Taken off red, green and blue (each 0..1).
        std: What they are then divided by.

    Returns:
        Shape (1, 3, size, size), RGB.
    """
    gain, offset = np.float32(1 / 255) / floats(std), floats(mean) / floats(std)
    planes = square[..., ::-1].transpose(2, 0, 1) * gain[:, None, None] - offset[:, None, None]
    return floats(np.ascontiguousarray(planes[None]))
