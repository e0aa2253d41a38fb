"""Which file of a folder is which network, told by name or, where names differ, by what goes in and what comes out.

Everything is checked before anything is loaded: a wrong file otherwise loads in silence and gives every visitor a wrong face.
No hub and no network is ever asked.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from services.faceswap.arrays import Floats
from services.faceswap.latent import EMAP, EMBEDDING, checked_emap
from services.faceswap.scrfd import COLUMNS
from services.faceswap.swapper_kinds import SwapperKind
from shared.errors import EngineUnavailable
from shared.models import models_dir

Shape = tuple[int | None, ...]
"""Sizes of a tensor; None where the file leaves it open."""

_FOLDER = "inswapper"
_USUAL = {"detector": "det_10g.onnx", "recogniser": "w600k_r50.onnx"}
_WANTED = {
    "detector": "a face detector (one picture in, nine tensors of scores, boxes and points out), e.g. det_10g.onnx",
    "recogniser": "a face recogniser (1x3x112x112 in, 512 numbers out), e.g. w600k_r50.onnx",
    "swapper": "a swapper (a picture and 512 numbers in, a picture out), e.g. inswapper_128.onnx",
}


class Signature(NamedTuple):
    """What goes in and what comes out, in the file's order."""

    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]


class ModelFiles(NamedTuple):
    """The networks of one folder."""

    detector: Path
    recogniser: Path
    swapper: Path
    converter: Path | None


def folder_of(model: str) -> Path:
    """The folder named in the settings, or the usual one. Raises EngineUnavailable if it is not there."""
    folder = Path(model) if model else models_dir() / _FOLDER
    if not folder.is_dir():
        cure = (
            "name a folder with --set model=FOLDER or [faceswap.options.inswapper] model" if model
            else "run `mirror models pull --profile rig`, or name one with [faceswap.options.inswapper] model"
        )  # fmt: skip
        raise EngineUnavailable(f"faceswap: there is no folder {folder} with the swapper's networks; {cure}")
    return folder


def find_models(folder: Path, swapper: str, kind: SwapperKind) -> ModelFiles:
    """Each network's file.

    Args:
        folder: Searched with what lies below it.
        swapper: Name of the swapper's file without its ending, as far as it is known.
        kind: Which swapper it shall be.

    Raises:
        EngineUnavailable: One is missing, or there are two for the same work.
    """
    files = sorted(folder.rglob("*.onnx"))
    usual = {**_USUAL, "swapper": f"{swapper}.onnx"}
    known = {role: _named(files, name) for role, name in usual.items()}
    converter = _converter(files, folder, kind)
    named = {path for path in (*known.values(), converter) if path is not None}
    roles = {} if all(known.values()) else {path: _role(signature(path), kind) for path in files if path not in named}
    chosen = {role: path or _only(role, roles, folder) for role, path in known.items()}
    return ModelFiles(chosen["detector"], chosen["recogniser"], chosen["swapper"], converter)


def signature(path: Path) -> Signature:
    """Shapes of the inputs and outputs. Raises EngineUnavailable if it is no ONNX file."""
    graph = read_graph(path)
    weights = {one.name for one in graph.initializer}
    return Signature(
        tuple(_shape(one) for one in graph.input if one.name not in weights),
        tuple(_shape(one) for one in graph.output),
    )


def read_graph(path: Path) -> Any:
    """An ONNX file's graph. Raises EngineUnavailable if it is none, or if the package that reads it is missing."""
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise EngineUnavailable(
            f"faceswap: the onnx package is missing ({error}); install services/faceswap/requirements-rig.txt"
        ) from error
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except (DecodeError, OSError, ValueError) as error:
        raise EngineUnavailable(f"faceswap: {path} is no readable ONNX file ({error}); fetch it again") from error
    if not graph.output:
        raise EngineUnavailable(f"faceswap: {path} is no ONNX file, or is cut off; fetch it again")
    return graph


def read_emap(path: Path) -> Floats:
    """The matrix that turns an embedding into a swapper's latent, shape (512, 512): one row in, one row out.

    It lies in the swapper's file but no node uses it, so tools that optimise the file drop or move it; whoever takes "the
    last tensor" then gets nonsense in silence. It is found by name, or as the last tensor if that has the right shape; an
    `emap.npy` beside the file goes before both.

    Raises:
        EngineUnavailable: It is not there, or is not what it should be.
    """
    beside = path.with_name("emap.npy")
    if beside.is_file():
        try:
            return checked_emap(np.load(beside, allow_pickle=False), str(beside))
        except (ValueError, OSError, EOFError) as error:
            raise EngineUnavailable(f"faceswap: {beside} is no matrix ({error}); delete it or write it anew") from error
    from onnx import numpy_helper

    tensors = list(read_graph(path).initializer)
    named = [one for one in tensors if one.name == EMAP]
    last = [one for one in tensors[-1:] if list(one.dims) == [EMBEDDING, EMBEDDING]]
    if not named and not last:
        raise EngineUnavailable(
            f"faceswap: {path} holds no emap (a 512 x 512 matrix), without which every visitor gets a wrong face; a tool that "
            "optimises ONNX files has dropped it: take the original file, or lay the original's matrix beside it as emap.npy"
        )
    return checked_emap(numpy_helper.to_array((named or last)[0]), str(path))


def _shape(value: Any) -> Shape:
    return tuple(one.dim_value if one.dim_value > 0 else None for one in value.type.tensor_type.shape.dim)


def _named(files: list[Path], name: str) -> Path | None:
    return next((path for path in files if path.name == name), None)


def _converter(files: list[Path], folder: Path, kind: SwapperKind) -> Path | None:
    if not kind.converter:
        return None
    path = _named(files, kind.converter)
    if path is None:
        raise EngineUnavailable(
            f"faceswap: {folder} has no {kind.converter}, which this swapper needs to be told of a face; add it"
        )
    return path


def _role(found: Signature, kind: SwapperKind) -> str:
    """Which work a network of these shapes does, or empty."""
    pictures = [shape for shape in found.inputs if len(shape) == 4]
    if len(pictures) != 1 or pictures[0][1] not in (3, None):
        return ""
    if len(found.inputs) == 2 and len(found.outputs) == 1 and pictures[0][2] == kind.size_px:
        return "swapper"
    if len(found.inputs) == 1 and len(found.outputs) == 3 * len(COLUMNS):
        return "detector"
    if len(found.inputs) == 1 and len(found.outputs) == 1 and pictures[0][2:] == (112, 112):
        return "recogniser"
    return ""


def _only(role: str, roles: dict[Path, str], folder: Path) -> Path:
    fit = [path for path, which in roles.items() if which == role]
    if len(fit) == 1:
        return fit[0]
    if not fit:
        raise EngineUnavailable(
            f"faceswap: {folder} has no {role}: {_WANTED[role]}; run `mirror models pull --profile rig` or add it"
        )
    raise EngineUnavailable(
        f"faceswap: {folder} has more than one {role} ({', '.join(path.name for path in fit)}); leave one, or give it its usual name"
    )
