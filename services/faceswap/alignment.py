"""Where a face lies: squares around it, similarity transforms, its turn and size. Numbers only."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.faceswap import topology
from services.faceswap.arrays import Floats

ARCFACE_112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)
"""Where recognition networks expect right eye, left eye, nose tip and mouth corners in a crop of 112 pixels."""
_ROOM = 1.5
"""The mesh wants the face with a quarter of its size around it."""


class Square(NamedTuple):
    """A rotated square of a picture."""

    x: float
    y: float
    side: float
    angle: float
    """Radians, clockwise on the screen: the face's own right-to-left direction."""


class Pose(NamedTuple):
    """How a head is turned, degrees, 0 is straight at the camera."""

    yaw: float
    """Positive: toward the picture's right."""
    pitch: float
    """Positive: down."""
    roll: float
    """Positive: clockwise on the screen."""


def square_around_face(centre: Floats, size: Floats, keypoints: Floats) -> Square:
    """The square for the first look at a detected face, turned so that the eyes are level."""
    across = keypoints[1] - keypoints[0]
    return Square(
        float(centre[0]), float(centre[1]), _ROOM * float(size.max()), float(np.arctan2(across[1], across[0]))
    )


def square_around_mesh(points: Floats) -> Square:
    """The square for the next look at a face whose landmarks are known."""
    across = points[topology.LEFT_EYE[0], :2] - points[topology.RIGHT_EYE[0], :2]
    angle = float(np.arctan2(across[1], across[0]))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    level = points[:, :2] @ turn.T
    low, high = level.min(axis=0), level.max(axis=0)
    x, y = turn.T @ ((low + high) / 2)
    return Square(float(x), float(y), _ROOM * float((high - low).max()), angle)


def crop_matrix(square: Square, side: int) -> NDArray[np.float64]:
    """Affine matrix, shape (2, 3): pixels of the picture -> pixels of an upright crop of `side` pixels."""
    cos, sin = np.cos(square.angle) * side / square.side, np.sin(square.angle) * side / square.side
    half = side / 2
    return np.array(
        [
            [cos, sin, half - cos * square.x - sin * square.y],
            [-sin, cos, half + sin * square.x - cos * square.y],
        ]
    )


def similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float64]:
    """Least-squares rotation, scale and shift that lays `source` on `target`.

    Args:
        source: Points, shape (n, 2), n >= 2, not all equal.
        target: As `source`, row for row.

    Returns:
        Affine matrix, shape (2, 3), source -> target.

    Source: Umeyama 1991, eq. 40-42.
    """
    mean_source, mean_target = source.mean(axis=0), target.mean(axis=0)
    centred = source - mean_source
    u, s, vt = np.linalg.svd((target - mean_target).T @ centred / len(source))
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    rotation = u @ np.diag(sign) @ vt
    scale = float((s * sign).sum() / centred.var(axis=0).sum())
    return np.hstack([scale * rotation, (mean_target - scale * rotation @ mean_source)[:, None]])


def five_points(points: Floats) -> Floats:
    """Right eye, left eye, nose tip and mouth corners, shape (5, 2): what recognition networks align on."""
    flat = points[:, :2]
    return np.stack([
        flat[list(topology.RIGHT_EYE)].mean(axis=0), flat[list(topology.LEFT_EYE)].mean(axis=0),
        flat[topology.NOSE_TIP], flat[topology.OUTER_LIPS[0]], flat[topology.OUTER_LIPS[10]],
    ])  # fmt: skip


def eye_distance(points: Floats) -> float:
    """Pixels between the centres of the eyes."""
    five = five_points(points)
    return float(np.linalg.norm(five[1] - five[0]))


def eye_openness(points: Floats) -> tuple[float, float]:
    """Height over width of the right and the left eye's opening: about 0.3 open, below 0.12 shut."""
    return (
        _openness(points, topology.RIGHT_LID_PAIRS, topology.RIGHT_EYE),
        _openness(points, topology.LEFT_LID_PAIRS, topology.LEFT_EYE),
    )


def mouth_openness(points: Floats) -> float:
    """Height over width of the gap between the lips: 0 is shut."""
    flat = points[:, :2]
    gap = float(np.linalg.norm(flat[13] - flat[14]))
    return gap / max(1e-6, float(np.linalg.norm(flat[topology.INNER_LIPS[10]] - flat[topology.INNER_LIPS[0]])))


def _openness(points: Floats, pairs: tuple[tuple[int, int], ...], ring: tuple[int, ...]) -> float:
    flat = points[:, :2]
    gap = float(np.mean([np.linalg.norm(flat[up] - flat[down]) for up, down in pairs]))
    return gap / max(1e-6, float(np.linalg.norm(flat[ring[0]] - flat[ring[8]])))


def pose(points: Floats) -> Pose:
    """The head's turn, from the mesh's own depth."""
    across = points[topology.LEFT_CHEEKBONE] - points[topology.RIGHT_CHEEKBONE]
    down = points[topology.CHIN] - points[topology.FOREHEAD]
    return Pose(
        yaw=float(np.degrees(np.arctan2(-across[2], np.hypot(across[0], across[1])))),
        pitch=float(np.degrees(np.arctan2(down[2], np.hypot(down[0], down[1])))),
        roll=float(np.degrees(np.arctan2(across[1], across[0]))),
    )
