"""Networks of the right shapes with random weights, for the benchmark: what a network computes does not depend on their values.

The swapper has inswapper_128's own layers: 138 million weights, 174 thousand million multiplications a face. Detector and
recogniser are only stand-ins of the right interface that cost nothing; no face is ever found.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.faceswap.arrays import Floats
from services.faceswap.engines.inswapper_files import read_graph
from services.faceswap.latent import EMBEDDING
from services.faceswap.scrfd import shapes_of

Shape = tuple[int | str, ...]
_Layer = tuple[int, int, int, int]

_DOWN = ((3, 128, 7, 1), (128, 256, 3, 1), (256, 512, 3, 2), (512, 1024, 3, 2))
"""Channels in, channels out, kernel, stride."""
_BLOCKS, _WIDE = 6, 1024
"""Residual blocks at a quarter of the size, each with two convolutions that the latent steers."""
_UP = ((1024, 512, 3, 2), (512, 256, 3, 2), (256, 128, 3, 1), (128, 3, 7, 1))
"""As _DOWN; the last number is by how much the picture is enlarged first."""


class _Graph:
    """Nodes and weights of a network in the making."""

    def __init__(self, seed: int) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._tensors = helper, numpy_helper
        self._random = np.random.default_rng(seed)
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def random(self, *shape: int, gain: float = 1.0) -> str:
        """Weights that keep the signal's size from layer to layer, or bring it to `gain` times as much."""
        spread = np.float32(gain / np.sqrt(max(1, int(np.prod(shape[1:])))))
        return self.given(self._random.standard_normal(shape, np.float32) * spread)

    def given(self, values: NDArray[Any]) -> str:
        """Known weights."""
        name = f"w{len(self.weights)}"
        self.weights.append(self._tensors.from_array(values, name))
        return name

    def add(self, kind: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        """One node; its output's name."""
        output = to or f"x{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def save(self, path: Path, inputs: Mapping[str, Shape], outputs: Mapping[str, Sequence[int]]) -> None:
        """As an ONNX file."""
        import onnx

        def ends(of: Mapping[str, Any]) -> list[Any]:
            return [
                self._helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in of.items()
            ]

        graph = self._helper.make_graph(self.nodes, "random", ends(inputs), ends(outputs), initializer=self.weights)
        opset = [self._helper.make_opsetid("", 13)]
        onnx.save(self._helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))


def write_random_models(folder: Path, detector_px: int, thin: int = 1) -> Path:
    """A whole folder as the engine wants it; the folder itself for convenience. Takes some seconds and 560 MB of disk.

    Args:
        folder: Made if it is not there.
        detector_px: Side of the detector's picture.
        thin: By what the swapper's channels are divided, at most 128; then it is no measure of anything any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_random_swapper(folder / "inswapper_128.onnx", thin)
    _write_idle_detector(folder / "det_10g.onnx", detector_px)
    _write_idle_recogniser(folder / "w600k_r50.onnx")
    return folder


def write_random_swapper(path: Path, thin: int = 1) -> Path:
    """The swapper alone, as in `write_random_models`."""
    graph = _Graph(7)
    x = "target"
    for channels, wide, kernel, stride in _thinned(_DOWN, thin):
        x = graph.add("Relu", _convolved(graph, x, channels, wide, kernel, stride))
    for _ in range(_BLOCKS):
        inner = graph.add("Relu", _steered(graph, x, _WIDE // thin))
        x = graph.add("Add", x, _steered(graph, inner, _WIDE // thin))
    for at, (channels, narrow, kernel, enlarged) in enumerate(_thinned(_UP, thin)):
        if enlarged > 1:
            scales = graph.given(np.array([1, 1, enlarged, enlarged], np.float32))
            x = graph.add("Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")
        x = _convolved(graph, x, channels, narrow, kernel, 1)
        x = graph.add("Relu", x) if at < len(_UP) - 1 else graph.add("Sigmoid", x, to="output")
    emap = np.linalg.qr(np.random.default_rng(0).standard_normal((EMBEDDING, EMBEDDING)))[0].astype(np.float32)
    from onnx import numpy_helper

    graph.weights.append(numpy_helper.from_array(emap, "emap"))
    graph.save(path, {"target": (1, 3, 128, 128), "source": (1, EMBEDDING)}, {"output": (1, 3, 128, 128)})
    return path


def count_weights(path: Path) -> int:
    """Numbers in a file's weights."""
    return sum(int(np.prod(list(one.dims))) for one in read_graph(path).initializer)


def _convolved(graph: _Graph, x: str, channels: int, wide: int, kernel: int, stride: int) -> str:
    # The last layer is louder: a flat picture would be taken for a broken network.
    weights = graph.random(wide, channels, kernel, kernel, gain=40.0 if wide == 3 else 1.0)
    return graph.add("Conv", x, weights, pads=[kernel // 2] * 4, strides=[stride] * 2, kernel_shape=[kernel] * 2)


def _thinned(layers: Sequence[_Layer], thin: int) -> list[_Layer]:
    """Fewer channels; the picture keeps its three."""
    return [
        (into if into == 3 else into // thin, out if out == 3 else out // thin, kernel, step)
        for into, out, kernel, step in layers
    ]


def _steered(graph: _Graph, x: str, wide: int) -> str:
    """Convolution, each channel brought to one measure, then scaled and shifted by what the latent says."""
    x = _convolved(graph, x, wide, wide, 3, 1)
    ones, zeros = (graph.given(np.full(wide, value, np.float32)) for value in (1, 0))
    x = graph.add("InstanceNormalization", x, ones, zeros)
    style = graph.add("Gemm", "source", graph.random(2 * wide, EMBEDDING), transB=1)
    style = graph.add("Reshape", style, graph.given(np.array([1, 2, wide, 1, 1], np.int64)))
    first, second = (graph.given(np.array(which, np.int64)) for which in (0, 1))
    scale = graph.add("Gather", style, first, axis=1)
    shift = graph.add("Gather", style, second, axis=1)
    return graph.add("Add", graph.add("Mul", x, scale), shift)


def _write_idle_detector(path: Path, px: int) -> None:
    graph = _Graph(1)
    outputs: dict[str, Sequence[int]] = {}
    nothing = graph.add("Mul", graph.add("ReduceMean", "input.1", keepdims=0), graph.given(np.zeros((), np.float32)))
    for number, shape in enumerate(shapes_of(px)):
        outputs[f"o{number}"] = shape
        graph.add("Add", graph.given(np.zeros(shape, np.float32)), nothing, to=f"o{number}")
    graph.save(path, {"input.1": (1, 3, px, px)}, outputs)


def _write_idle_recogniser(path: Path) -> None:
    graph = _Graph(2)
    cells = graph.add("AveragePool", "input.1", kernel_shape=[14, 14], strides=[14, 14])
    graph.add("MatMul", graph.add("Flatten", cells), graph.random(192, EMBEDDING), to="683")
    graph.save(path, {"input.1": (1, 3, 112, 112)}, {"683": (1, EMBEDDING)})


def random_inputs(seed: int) -> tuple[Floats, Floats]:
    """A picture and a latent for the swapper."""
    random = np.random.default_rng(seed)
    latent = random.standard_normal((1, EMBEDDING), np.float32)
    return random.random((1, 3, 128, 128), np.float32), latent / np.float32(np.linalg.norm(latent))
