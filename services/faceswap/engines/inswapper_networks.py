"""The three networks of a swap: the detector finds five points, the recogniser tells who it is, the swapper makes the face."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from services.faceswap.alignment import Square, crop_matrix
from services.faceswap.arrays import Bytes, Floats, bytes_of, floats
from services.faceswap.engines.inswapper_choice import Runner
from services.faceswap.engines.inswapper_runtime import Net, Way, picture_blob
from services.faceswap.face_swapper import Image
from services.faceswap.five_points import moved
from services.faceswap.latent import EMBEDDING, latent_of
from services.faceswap.scrfd import decode, shapes_of
from services.faceswap.swapper_kinds import SwapperKind
from services.faceswap.templates import onto_template
from shared.errors import BadInput, EngineFailed, EngineUnavailable

_RECOGNISER_PX = 112
_SCORE = 0.5
_FLAT = 3.0
"""Levels: a picture whose pixels spread less shows nothing."""


class Detector:
    """SCRFD on a square of one size, in which the face is upright and as large as the network likes it."""

    def __init__(self, path: Path, side: int, way: Way, threads: int) -> None:
        """For squares of `side` pixels. Raises EngineUnavailable."""
        self.side = side
        self._net = Net(path, [(1, 3, side, side)], way, threads)
        found = self._net.try_out(np.zeros((1, 3, side, side), np.float32))
        if [shape[-2:] for shape in found] != [*shapes_of(side)]:
            raise EngineUnavailable(
                f"faceswap: {path.name} answers with tensors {found}, SCRFD's would be {list(shapes_of(side))}; take det_10g.onnx"
            )

    def cut(self, frame: Image, square: Square) -> Image:
        """What the network shall see of a frame; a picture of its own."""
        size = (self.side, self.side)
        return np.asarray(cv2.warpAffine(frame, crop_matrix(square, self.side), size, flags=cv2.INTER_AREA), np.uint8)

    def find(self, cut: Image, square: Square) -> Floats | None:
        """Five points of the surest face in a cut, in pixels of the frame, shape (5, 2); None: no face.

        Raises:
            EngineFailed: The network failed.
        """
        half = (127.5 / 255,) * 3
        tensors = self._net.run(picture_blob(cut, half, (128 / 255,) * 3))
        faces = decode(tensors, self.side, _SCORE)
        if not faces:
            return None
        return moved(faces[0].five, np.asarray(cv2.invertAffineTransform(crop_matrix(square, self.side)), np.float64))


class Recogniser:
    """ArcFace: a face as 512 numbers."""

    def __init__(self, path: Path, way: Way, threads: int) -> None:
        """Raises EngineUnavailable."""
        shape = (1, 3, _RECOGNISER_PX, _RECOGNISER_PX)
        self._net = Net(path, [shape], way, threads)
        found = self._net.try_out(np.zeros(shape, np.float32))
        if found != [(1, EMBEDDING)]:
            raise EngineUnavailable(
                f"faceswap: {path.name} answers with tensors {found}, should be one of (1, 512); take w600k_r50.onnx"
            )

    def embed(self, photo: Image, five: Floats) -> Floats:
        """The face at five points of a photo, shape (512,), not of unit length.

        Raises:
            EngineFailed: The network failed, or its answer is none.
        """
        matrix = onto_template(five, "arcface_112", _RECOGNISER_PX)
        square = np.asarray(cv2.warpAffine(photo, matrix, (_RECOGNISER_PX, _RECOGNISER_PX)), np.uint8)
        embedding = self._net.run(picture_blob(square, (0.5,) * 3, (0.5,) * 3))[0].reshape(-1)
        if embedding.shape != (EMBEDDING,) or not np.isfinite(embedding).all() or not embedding.any():
            raise EngineFailed("faceswap: the recogniser gave no usable embedding")
        return embedding


class Swapper:
    """The network that makes the face."""

    def __init__(self, net: Runner, kind: SwapperKind, label: str) -> None:
        """With an open network for a picture and a latent, and where it runs (for messages)."""
        self._net = net
        self._kind = kind
        self.label = label

    def swap(self, square: Bytes, latent: Floats) -> Image:
        """The face in a square, with somebody else's identity.

        Args:
            square: Upright face, shape (size, size, 3), BGR.
            latent: Shape (1, 512).

        Returns:
            Shape (size, size, 3), BGR.

        Raises:
            OutOfMemory: The device has no memory left.
            EngineFailed: The network failed, or what came out is no picture.
        """
        kind = self._kind
        planes = self._net.run(picture_blob(square, kind.mean, kind.std), latent)[0][0]
        if planes.shape != (3, kind.size_px, kind.size_px):
            raise EngineFailed(f"inswapper: the network gave {planes.shape}, no picture of {kind.size_px} pixels")
        if not np.isfinite(planes).all():
            raise EngineFailed(f"inswapper: the network gave numbers that are none (on {self.label})")
        if kind.is_output_normalised:
            planes = planes * floats(kind.std)[:, None, None] + floats(kind.mean)[:, None, None]
        picture = np.ascontiguousarray(bytes_of(255 * planes).transpose(1, 2, 0)[..., ::-1])
        # A picture of nothing may well come out flat; a picture of a face never does.
        if _spread(picture) < _FLAT <= 0.5 * _spread(square):
            raise EngineFailed(f"inswapper: the network gave a flat picture (on {self.label})")
        return picture


class Networks(NamedTuple):
    """All that a swap needs."""

    detector: Detector
    recogniser: Recogniser
    swapper: Swapper
    kind: SwapperKind
    emap: Floats | None
    converter: Runner | None
    refused: tuple[str, ...] = ()
    """Faster ways that were tried at the start and found wanting, and why."""

    def latent(self, photo: Image, five: Floats) -> Floats:
        """What the swapper is told of the person at five points of a photo, shape (1, 512). Raises EngineFailed."""
        embedding = self.recogniser.embed(photo, five)
        if self.converter is not None:
            embedding = self.converter.run(embedding[None])[0].reshape(-1)
        latent = latent_of(embedding, self.kind.latent, self.emap)
        if not np.isfinite(latent).all():
            raise BadInput("photo: its face could not be told from any other; take one with more light")
        return latent


def _spread(picture: Bytes) -> float:
    """Standard deviation of the brightest-varying colour, levels."""
    return float(cv2.meanStdDev(picture)[1].max())
