"""Finding faces and their 468 landmarks with MediaPipe's BlazeFace and face mesh (Apache-2.0), on one CPU thread.

The edge to LiteRT: nothing else here knows about it. Measured on one core of the reference machine, thread time: detector
1.7 ms, mesh 1.8 ms with LiteRT; 3.3 and 4.2 ms with cv2.dnn, whose new engine cannot read the mesh at all.
"""

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from services.faceswap import topology
from services.faceswap.alignment import Square, crop_matrix, square_around_face, square_around_mesh
from services.faceswap.arrays import floats
from services.faceswap.face_swapper import Image, Points
from shared.errors import EngineFailed, EngineUnavailable
from shared.models import model_path

DETECTOR_FILE = "face_detection_short_range.tflite"
MESH_FILE = "face_landmark.tflite"

_DETECTOR_SIDE = 128
_MESH_SIDE = 192
_ANCHOR_GRIDS = ((16, 2), (8, 6))
"""(cells a side, anchors a cell) of the detector's two layers: 896 anchors."""
_MERGE_OVERLAP = 0.3
ACQUIRE = 0.6
"""A face is taken up at this confidence of detector and mesh..."""
KEEP = 0.4
"""...and kept down to this one: no flicker at the threshold."""


class Face(NamedTuple):
    """One detected face."""

    score: float
    """0..1."""
    centre: NDArray[np.float32]
    """Pixels, shape (2,)."""
    size: NDArray[np.float32]
    """Width and height of the box, pixels, shape (2,)."""
    keypoints: NDArray[np.float32]
    """Right eye, left eye, nose tip, mouth, right ear, left ear; pixels, shape (6, 2)."""


class FaceMesh:
    """Two small networks and the square in which the face was last seen. Not thread-safe."""

    def __init__(self) -> None:
        self._detector = _Network(model_path(DETECTOR_FILE))
        self._mesh = _Network(model_path(MESH_FILE))
        self._anchors = _anchors()
        self._square: Square | None = None

    def forget(self) -> None:
        """The next `track` starts with the detector."""
        self._square = None

    def track(self, frame: Image) -> Points | None:
        """Landmarks of the face being followed; the detector runs only while there is none. None: no face."""
        if self._square is not None:
            points, score = self.landmarks(frame, self._square)
            if score >= KEEP:
                self._square = square_around_mesh(points)
                return points
        self._square = None
        return self._acquire(frame)

    def _acquire(self, frame: Image) -> Points | None:
        found = [face for face in self.detect(frame) if face.score >= ACQUIRE]
        if not found:
            return None
        largest = max(found, key=lambda face: float(face.size.prod()))
        return self.locate(frame, largest)

    def locate(self, frame: Image, face: Face) -> Points | None:
        """Landmarks of a detected face, which `track` then follows; None if the mesh does not confirm it."""
        points, score = self.landmarks(frame, square_around_face(face.centre, face.size, face.keypoints))
        if score < ACQUIRE:
            return None
        # A second pass in the mesh's own square: the first, in the detector's rough one, is off by up to 2 % of the face.
        points, score = self.landmarks(frame, square_around_mesh(points))
        self._square = square_around_mesh(points)
        return points

    def detect(self, frame: Image, threshold: float = 0.5) -> list[Face]:
        """All faces, best first. The short-range net needs a face of at least 12 % of the picture's longer side."""
        height, width = frame.shape[:2]
        side = max(height, width)
        small = cv2.resize(
            frame,
            (max(1, round(width * _DETECTOR_SIDE / side)), max(1, round(height * _DETECTOR_SIDE / side))),
            interpolation=cv2.INTER_AREA,
        )
        canvas = np.zeros((_DETECTOR_SIDE, _DETECTOR_SIDE, 3), np.float32)
        top, left = (_DETECTOR_SIDE - small.shape[0]) // 2, (_DETECTOR_SIDE - small.shape[1]) // 2
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small[:, :, ::-1]
        boxes, scores = self._detector.run(canvas / 127.5 - 1.0)
        shift = floats([(side - width) / 2, (side - height) / 2])
        return [
            Face(score, centre * side - shift, size * side, keypoints * side - shift)
            for score, centre, size, keypoints in _decode(boxes, scores, self._anchors, threshold)
        ]

    def landmarks(self, frame: Image, square: Square) -> tuple[Points, float]:
        """Landmarks within a square of the picture, and how sure the net is that there is a face (0..1)."""
        matrix = crop_matrix(square, _MESH_SIDE)
        crop = cv2.warpAffine(
            frame, matrix, (_MESH_SIDE, _MESH_SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        points, flag = self._mesh.run(crop[:, :, ::-1].astype(np.float32) * np.float32(1 / 255))
        flat = points.reshape(topology.LANDMARKS, 3)
        back = cv2.invertAffineTransform(matrix)
        placed = np.empty_like(flat)
        placed[:, :2] = flat[:, :2] @ back[:, :2].T + back[:, 2]
        placed[:, 2] = flat[:, 2] * (square.side / _MESH_SIDE)
        return placed, float(1.0 / (1.0 + np.exp(-np.clip(flag.ravel()[0], -50, 50))))


class _Network:
    """One tflite file. `run` takes (side, side, 3) and returns its outputs, the largest first, flattened."""

    def __init__(self, path: Path) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise EngineUnavailable("faceswap: ai-edge-litert is not installed; see services/faceswap") from error
        try:
            self._net: Any = Interpreter(model_path=str(path), num_threads=1)
            self._net.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise EngineUnavailable(f"faceswap: {path.name} is no usable model; run `mirror models pull`") from error
        self._input = self._net.get_input_details()[0]["index"]
        outputs = sorted(self._net.get_output_details(), key=lambda one: -int(np.prod(one["shape"])))
        self._outputs = [one["index"] for one in outputs]

    def run(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        try:
            self._net.set_tensor(self._input, picture[None])
            self._net.invoke()
            return [np.array(self._net.get_tensor(index), np.float32).ravel() for index in self._outputs]
        except (ValueError, RuntimeError) as error:
            raise EngineFailed("faceswap: the face mesh failed on a frame") from error


def _anchors() -> NDArray[np.float32]:
    """Centres of the detector's anchors, 0..1, shape (896, 2)."""
    layers = []
    for cells, per_cell in _ANCHOR_GRIDS:
        row, column = np.mgrid[0:cells, 0:cells]
        centres = np.stack([(column + 0.5) / cells, (row + 0.5) / cells], axis=-1).reshape(-1, 2)
        layers.append(np.repeat(centres, per_cell, axis=0))
    return np.concatenate(layers).astype(np.float32)


def _decode(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], anchors: NDArray[np.float32], threshold: float
) -> list[tuple[float, NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]:
    """Faces as (score, centre, size, keypoints) in 0..1 of the square; overlapping ones merged, weighted by score."""
    confidence = 1.0 / (1.0 + np.exp(-np.clip(scores, -50, 50)))
    kept = np.flatnonzero(confidence >= threshold)
    raw = boxes.reshape(len(anchors), 8, 2)[kept] / _DETECTOR_SIDE
    confidence, anchor = confidence[kept], anchors[kept]
    centre, size, keypoints = raw[:, 0] + anchor, raw[:, 1], raw[:, 2:] + anchor[:, None]
    found, is_used = [], np.zeros(len(kept), bool)
    for best in np.argsort(-confidence):
        if is_used[best]:
            continue
        group = ~is_used & (_overlap(floats(centre), floats(size), int(best)) > _MERGE_OVERLAP)
        group[best] = True
        is_used |= group
        weight = (confidence[group] / confidence[group].sum())[:, None]
        merged = (keypoints[group] * weight[:, :, None]).sum(axis=0)
        found.append(
            (float(confidence[best]), (centre[group] * weight).sum(axis=0), (size[group] * weight).sum(axis=0), merged)
        )
    return found


def _overlap(centre: NDArray[np.float32], size: NDArray[np.float32], one: int) -> NDArray[np.float32]:
    """Intersection over union of every box with box `one`."""
    low = np.maximum(centre - size / 2, centre[one] - size[one] / 2)
    high = np.minimum(centre + size / 2, centre[one] + size[one] / 2)
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = size.prod(axis=1) + size[one].prod() - shared
    return floats(shared / np.maximum(union, 1e-9))
