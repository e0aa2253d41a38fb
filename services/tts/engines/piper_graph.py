"""Cuts Piper's graph in two and opens its noise to us. Touches no weight."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from shared.errors import EngineUnavailable

LATENT = "/Mul_7_output_0"
"""What goes from encoder to decoder."""

DURATIONS = "/Ceil_output_0"
"""Latent frames of each phoneme id, float, shape (1, 1, ids)."""

NOISE = ("noise_0", "noise_1")
"""Names of the new inputs: for durations, shape (1, 2, >= ids); for the latent track, shape (1, channels, >= frames)."""

_ZEROS = "noise_from_zero"

_HEAVY = 4_096
"""Bytes from which a weight is kept beside its graph. Smaller ones are read while a graph is built, and must lie in it."""


class Half(NamedTuple):
    """One of the two, its weights beside it: within, the sixty megabytes would be written out and read again at every start."""

    graph: bytes
    weights: dict[str, NDArray[np.float32]]


def halves(model: bytes) -> tuple[Half, Half]:
    """Encoder (inputs of Piper and NOISE; outputs LATENT, DURATIONS) and decoder (LATENT to sound).

    Raises:
        EngineUnavailable: This is not the graph we know.
        ValueError: This is no model at all.
    """
    whole = onnx.load_from_string(model)
    weights = _set_aside(whole)
    nodes = list(whole.graph.node)
    cut = next((index for index, node in enumerate(nodes) if LATENT in node.input and node.op_type == "Conv"), 0)
    encoder_nodes, noise = _with_open_noise(nodes[:cut])
    if len(noise) != len(NOISE):
        raise EngineUnavailable("piper: the packaged voice is not the model this engine was written for")
    latent = helper.make_tensor_value_info(LATENT, TensorProto.FLOAT, [1, None, None])
    durations = helper.make_tensor_value_info(DURATIONS, TensorProto.FLOAT, [1, 1, None])
    encoder = _part(whole, encoder_nodes, [*whole.graph.input, *noise], [latent, durations])
    decoder = _part(whole, nodes[cut:], [latent], list(whole.graph.output))
    return _half(encoder, weights), _half(decoder, weights)


def _set_aside(whole: ModelProto) -> dict[str, NDArray[np.float32]]:
    """The heavy weights by name, out of the model: it only says of each that it lies elsewhere."""
    weights = {}
    for weight in whole.graph.initializer:
        if weight.data_type == TensorProto.FLOAT and len(weight.raw_data) >= _HEAVY:
            weights[weight.name] = np.frombuffer(weight.raw_data, dtype="<f4").reshape(tuple(weight.dims))
            weight.ClearField("raw_data")
            weight.data_location = TensorProto.EXTERNAL
            weight.external_data.add(key="location", value="beside")
    return weights


def _with_open_noise(nodes: Iterable[NodeProto]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """The nodes with each RandomNormalLike replaced by a slice, of the same shape, out of a new input."""
    opened: list[NodeProto] = []
    inputs: list[ValueInfoProto] = []
    for node in nodes:
        if node.op_type != "RandomNormalLike":
            opened.append(node)
            continue
        name = f"noise_{len(inputs)}"
        inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, None]))
        opened.append(helper.make_node("Shape", [node.input[0]], [f"{name}_shape"]))
        opened.append(helper.make_node("Slice", [name, _ZEROS, f"{name}_shape"], [node.output[0]]))
    return opened, inputs


def _half(part: ModelProto, weights: dict[str, NDArray[np.float32]]) -> Half:
    named = {weight.name for weight in part.graph.initializer}
    return Half(part.SerializeToString(), {name: weight for name, weight in weights.items() if name in named})


def _part(
    whole: ModelProto, nodes: list[NodeProto], inputs: list[ValueInfoProto], outputs: list[ValueInfoProto]
) -> ModelProto:
    needed = {name for node in nodes for name in node.input}
    weights = [weight for weight in whole.graph.initializer if weight.name in needed]
    weights.append(helper.make_tensor(_ZEROS, TensorProto.INT64, [3], [0, 0, 0]))
    graph: GraphProto = helper.make_graph(nodes, "piper", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=whole.opset_import, ir_version=whole.ir_version)
