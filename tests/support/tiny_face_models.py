"""Detector, recogniser and swapper in miniature, made when a test runs: the interfaces of det_10g, w600k_r50 and inswapper_128.

The detector sees one thing, a magenta dot, and claims an upright face round it; the recogniser is a fixed projection of
coarse colours; the swapper tints the face with three numbers of the latent. Real libraries load them as they load the real ones.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from services.faceswap.templates import TEMPLATES

MAGENTA = (255, 0, 255)
EMAP = np.linalg.qr(np.random.default_rng(0).normal(size=(512, 512)))[0].astype(np.float32)
Trouble = Literal["", "flat", "nan", "no emap", "emap first", "emap first, unnamed", "small emap", "broken emap"]

_Shape = Sequence[int | str | None]


def write_models(folder: Path, *, size: int = 128, trouble: Trouble = "", detector_px: int | None = None) -> Path:
    """All three under their usual names; the folder itself for convenience."""
    folder.mkdir(parents=True, exist_ok=True)
    write_detector(folder / "det_10g.onnx", detector_px)
    write_recogniser(folder / "w600k_r50.onnx")
    write_swapper(folder / "inswapper_128.onnx", size, trouble)
    return folder


def write_swapper(path: Path, size: int = 128, trouble: Trouble = "") -> Path:
    """output = 0.6 target + 0.4 tint(source), or what the trouble asks for."""
    pick = np.zeros((512, 3), np.float32)
    pick[[0, 1, 2], [0, 1, 2]] = 22.0
    nodes = [
        helper.make_node("MatMul", ["source", "pick"], ["picked"]),
        helper.make_node("Sigmoid", ["picked"], ["tint"]),
        helper.make_node("Mul", ["tint", "part"], ["share"]),
        helper.make_node("Reshape", ["share", "planes"], ["colour"]),
        helper.make_node("Mul", ["target", "kept"], ["rest"]),
        helper.make_node("Add", ["rest", "colour"], ["sum"]),
        helper.make_node("Clip", ["sum", "low", "high"], ["picture"]),
        *_ending(trouble),
    ]
    weights: dict[str, Any] = {
        "pick": pick, "part": np.float32(0.4), "planes": np.array([1, 3, 1, 1], np.int64),
        "kept": np.float32(0.0 if trouble == "flat" else 0.6), "low": np.float32(0), "high": np.float32(1),
    }  # fmt: skip
    weights |= {"minus": np.float32(-2)} if trouble == "nan" else {}
    ends = {"target": (1, 3, size, size), "source": (1, 512)}
    return _save(path, nodes, ends, {"output": (1, 3, size, size)}, _with_emap(weights, trouble))


def write_ghost(folder: Path) -> Path:
    """A swapper of 256 pixels that works in -1..1, with other names, the latent first, and the network that converts it."""
    nodes = [
        helper.make_node("Reshape", ["identity", "one"], ["row"]),
        helper.make_node("MatMul", ["row", "pick"], ["picked"]),
        helper.make_node("Tanh", ["picked"], ["tint"]),
        helper.make_node("Mul", ["tint", "part"], ["share"]),
        helper.make_node("Reshape", ["share", "planes"], ["colour"]),
        helper.make_node("Mul", ["image", "kept"], ["rest"]),
        helper.make_node("Add", ["rest", "colour"], ["swapped"]),
    ]
    pick = np.random.default_rng(5).normal(size=(512, 3)).astype(np.float32) / 300
    weights = {
        "one": np.array([1, 512], np.int64), "pick": pick, "part": np.float32(0.25),
        "planes": np.array([1, 3, 1, 1], np.int64), "kept": np.float32(0.75),
    }  # fmt: skip
    ends = {"identity": (1, 512), "image": (1, 3, 256, 256)}
    _save(folder / "ghost_256.onnx", nodes, ends, {"swapped": (1, 3, 256, 256)}, weights)
    turned = {"turn": np.linalg.qr(np.random.default_rng(6).normal(size=(512, 512)))[0].astype(np.float32)}
    return _save(
        folder / "crossface_ghost.onnx", [helper.make_node("MatMul", ["input", "turn"], ["output"])],
        {"input": (1, 512)}, {"output": (1, 512)}, turned,
    )  # fmt: skip


def write_recogniser(path: Path) -> Path:
    """512 mixtures of the colours of an 8 x 8 grid."""
    nodes = [
        helper.make_node("AveragePool", ["input.1"], ["cells"], kernel_shape=[14, 14], strides=[14, 14]),
        helper.make_node("Flatten", ["cells"], ["flat"]),
        helper.make_node("MatMul", ["flat", "mixture"], ["683"]),
    ]
    mixture = np.random.default_rng(1).normal(size=(192, 512)).astype(np.float32)
    return _save(path, nodes, {"input.1": (1, 3, 112, 112)}, {"683": (1, 512)}, {"mixture": mixture})


def write_detector(path: Path, px: int | None = None, face: float = 96.0) -> Path:
    """SCRFD's nine tensors; a face of `face` pixels round the magenta dot.

    Args:
        path: The file.
        px: Side of its picture; None: open, as in det_10g.
        face: Size of the face's square in the network's picture.
    """
    side = px or 320
    five = TEMPLATES["arcface_112"] - 0.5
    magenta = {"filter": np.array([1, -1, 1], np.float32).reshape(1, 3, 1, 1), "least": np.array([-2.2], np.float32)}
    weights: dict[str, Any] = {**magenta, "steep": np.float32(12), "rows": np.array([-1, 1], np.int64)}
    nodes = [
        helper.make_node("Conv", ["input.1", "filter", "least"], ["match"]),
        helper.make_node("Mul", ["match", "steep"], ["steeper"]),
        helper.make_node("Sigmoid", ["steeper"], ["seen"]),
    ]
    outputs: dict[str, _Shape] = {}
    for stride in (8, 16, 32):
        rows = (side // stride) ** 2 * 2
        nodes += _scores(stride, weights, rows)
        weights[f"box{stride}"] = np.full((rows, 4), face / 2 / stride, np.float32)
        weights[f"points{stride}"] = np.tile((five * face / stride + 0.5).reshape(1, 10), (rows, 1)).astype(np.float32)
        nodes += [helper.make_node("Identity", [f"{what}{stride}"], [f"{what}_{stride}"]) for what in ("box", "points")]
    for what, columns in (("score", 1), ("box", 4), ("points", 10)):
        outputs |= {
            f"{what}_{stride}": (None if px is None else (side // stride) ** 2 * 2, columns) for stride in (8, 16, 32)
        }
    open_side: int | str = px or "?"
    return _save(path, nodes, {"input.1": (1, 3, open_side, open_side)}, outputs, weights)


def _scores(stride: int, weights: dict[str, Any], rows: int) -> list[Any]:
    """Only the coarsest stride tells of faces, on every first of two anchors."""
    if stride != 32:
        weights[f"none{stride}"] = np.zeros((rows, 1), np.float32)
        return [helper.make_node("Identity", [f"none{stride}"], [f"score_{stride}"])]
    weights["other"] = np.zeros((rows // 2, 1), np.float32)
    return [
        helper.make_node("MaxPool", ["seen"], ["best"], kernel_shape=[32, 32], strides=[32, 32]),
        helper.make_node("Reshape", ["best", "rows"], ["column"]),
        helper.make_node("Concat", ["column", "other"], ["pairs"], axis=1),
        helper.make_node("Reshape", ["pairs", "rows"], ["score_32"]),
    ]


def _ending(trouble: Trouble) -> list[Any]:
    if trouble == "nan":
        return [
            helper.make_node("Add", ["picture", "minus"], ["below"]),
            helper.make_node("Sqrt", ["below"], ["output"]),
        ]
    return [helper.make_node("Identity", ["picture"], ["output"])]


def _with_emap(weights: dict[str, Any], trouble: Trouble) -> dict[str, Any]:
    if trouble == "no emap":
        return weights
    if trouble == "small emap":
        return {**weights, "emap": EMAP[:256]}
    if trouble == "broken emap":
        return {**weights, "emap": np.full_like(EMAP, np.nan)}
    if trouble == "emap first":
        return {"emap": EMAP, **weights}
    return {"matrix": EMAP, **weights} if trouble == "emap first, unnamed" else {**weights, "emap": EMAP}


def _save(
    path: Path, nodes: Sequence[Any], inputs: dict[str, Any], outputs: dict[str, Any], weights: dict[str, Any]
) -> Path:
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        initializer=[numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path
