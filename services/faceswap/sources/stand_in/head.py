"""The stand-in's head as numbers: a pose of blendshapes and angles in, the place of every vertex out."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from services.faceswap import topology
from services.faceswap.arrays import Floats, floats
from services.faceswap.sources.stand_in.live_link import SHAPES, Pose
from services.faceswap.sources.stand_in.shapes import shape_basis

_RINGS = ((1.16, 1.0), (1.42, 0.95), (1.8, 0.5), (2.2, 0.0))
"""Rings of vertices round the face, as multiples of its outline: how far out, and how much they follow the head."""
_OUTLINE = topology.OVAL[::2]
"""Every second landmark of the outline has a vertex in each ring: hair needs no more."""
RING_SIZE = len(_OUTLINE)
_MAX_TURN = 0.45
"""Radians that no turn exceeds; it is approached softly, so that a head never stops dead."""
_MAX_RIGHT = 0.20
"""The same toward her own right: there the portrait looks already, and behind her far cheek nothing was ever painted."""
_HAIR_DEPTH = 0.75
"""Eye distances behind the outline of the face."""
_PIVOT = (0.1, 1.15, 1.0)
"""Where the neck turns, in eye distances from between the eyes: right, down, back."""


class Head(NamedTuple):
    """The portrait's geometry, made once."""

    vertices: Floats
    """Landmarks and rings, shape (n, 3), pixels of the portrait, z away from the viewer."""
    triangles: NDArray[np.int32]
    """Every triangle, shape (m, 3)."""
    coarse: NDArray[np.int32]
    """Half as many that cover the same: enough wherever no lid or lip parts."""
    basis: Floats
    """Shape (52, n * 2)."""
    follows: Floats
    """How much each vertex follows the head, shape (n, 1): 1 the face, 0 the shoulders."""
    unit: float
    """Eye distance, pixels."""
    pivot: Floats
    """Shape (3,), pixels."""


class Posed(NamedTuple):
    """The head in one pose."""

    vertices: Floats
    """Shape (n, 3)."""
    gaze: tuple[float, float]
    """Iris shift in eye widths, x to the picture's right, y down."""
    upper_teeth: Floats
    """Right and left lip corner as if the lips and the jaw were at rest, shape (2, 2)."""
    lower_teeth: Floats
    """The same, carried by the jaw."""


def build_head(landmarks: Floats) -> Head:
    """The geometry of a portrait with these landmarks, shape (468, 3), pixels."""
    face = _upright(landmarks)
    unit = _eye_distance(face)
    between = (face[list(topology.RIGHT_EYE), :2].mean(axis=0) + face[list(topology.LEFT_EYE), :2].mean(axis=0)) / 2
    depth = float(np.median(face[:, 2]))
    pivot = floats([between[0] + _PIVOT[0] * unit, between[1] + _PIVOT[1] * unit, depth + _PIVOT[2] * unit])
    rings, follows = _rings(face, unit)
    vertices = np.concatenate([face, *rings]).astype(np.float32)
    shapes = shape_basis(face)
    basis = np.zeros((len(SHAPES), len(vertices), 2), np.float32)
    basis[:, : len(face)] = shapes
    # The first ring takes half of what the outline does: a falling chin moves the throat, not the shoulders.
    basis[:, len(face) : len(face) + len(_OUTLINE)] = 0.5 * shapes[:, list(_OUTLINE)]
    strips, few = _strips(len(face)), _few_triangles(face, unit)
    triangles, coarse = (np.concatenate([inner, strips]) for inner in (topology.triangles(), few))
    return Head(vertices, triangles, coarse, basis.reshape(len(SHAPES), -1), follows, unit, pivot)


def pose_head(head: Head, pose: Pose) -> Posed:
    """Every vertex in a pose."""
    weights = floats(pose.weights)
    moved = head.vertices.copy()
    active = np.flatnonzero(weights > 1e-3)
    moved[:, :2] += np.tensordot(weights[active], head.basis[active], 1).reshape(-1, 2)
    turned = _turn(head, moved, pose)
    corners = head.vertices[[topology.INNER_LIPS[0], topology.INNER_LIPS[10]]]
    # Teeth are level with the middle of the lips, not with their corners, which a smile lifts.
    corners = corners + (head.vertices[[13, 14]].mean(axis=0) - corners.mean(axis=0))
    jaw = corners.copy()
    jaw[:, :2] += _jaw_shift(head, weights)
    return Posed(
        vertices=head.vertices + head.follows * (turned - head.vertices) + (1 - head.follows) * (moved - head.vertices),
        gaze=_gaze(weights),
        upper_teeth=_turn(head, corners, pose)[:, :2],
        lower_teeth=_turn(head, jaw, pose)[:, :2],
    )


def _turn(head: Head, points: Floats, pose: Pose) -> Floats:
    """Points turned about the neck: yaw, then pitch, then roll. Parallax comes from their depth."""
    yaw = _limited(pose.yaw, _MAX_RIGHT if pose.yaw > 0 else _MAX_TURN)
    pitch, roll = _limited(pose.pitch, _MAX_TURN), _limited(pose.roll, _MAX_TURN)
    x, y = points[:, 0] - head.pivot[0], points[:, 1] - head.pivot[1]
    near = head.pivot[2] - points[:, 2]
    x, near = x * np.cos(yaw) - near * np.sin(yaw), near * np.cos(yaw) + x * np.sin(yaw)
    y, near = y * np.cos(pitch) - near * np.sin(pitch), near * np.cos(pitch) + y * np.sin(pitch)
    x, y = x * np.cos(roll) + y * np.sin(roll), y * np.cos(roll) - x * np.sin(roll)
    return np.stack([x + head.pivot[0], y + head.pivot[1], head.pivot[2] - near], axis=1).astype(np.float32)


def _limited(angle: float, most: float) -> float:
    """The angle, brought softly under its limit."""
    return most * float(np.tanh(angle / most))


def _jaw_shift(head: Head, weights: Floats) -> Floats:
    """How far the lower teeth are from where they rest, pixels, shape (2,)."""
    chin = head.basis.reshape(len(SHAPES), -1, 2)[:, topology.CHIN]
    jaw = [SHAPES.index(name) for name in ("jawOpen", "jawLeft", "jawRight", "jawForward")]
    return floats(weights[jaw] @ chin[jaw])


def _gaze(weights: Floats) -> tuple[float, float]:
    """Both eyes' look as one direction; the person's left is the picture's right."""

    def one(name: str) -> float:
        return float(weights[SHAPES.index(name)])

    right = (one("eyeLookOutLeft") + one("eyeLookInRight") - one("eyeLookInLeft") - one("eyeLookOutRight")) / 2
    down = (one("eyeLookDownLeft") + one("eyeLookDownRight") - one("eyeLookUpLeft") - one("eyeLookUpRight")) / 2
    return 0.26 * right, 0.09 * down


def _upright(landmarks: Floats) -> Floats:
    """The landmarks with the slope of depth from forehead to chin taken out: the net reads a painted brow as leaning forward."""
    face = landmarks.astype(np.float32).copy()
    height = face[:, 1] - face[:, 1].mean()
    slope = float((height * (face[:, 2] - face[:, 2].mean())).sum() / (height * height).sum())
    face[:, 2] -= slope * height
    return face


def _eye_distance(face: Floats) -> float:
    eyes = [face[list(ring), :2].mean(axis=0) for ring in (topology.RIGHT_EYE, topology.LEFT_EYE)]
    return float(np.linalg.norm(eyes[1] - eyes[0]))


def _rings(face: Floats, unit: float) -> tuple[list[Floats], Floats]:
    """Hair, throat and shoulders as rings round the outline, and how much every vertex follows the head."""
    oval = face[list(_OUTLINE)]
    centre = oval[:, :2].mean(axis=0)
    chin = float(face[topology.CHIN, 1])
    rings, follows = [], [np.ones(len(face), np.float32)]
    for reach, follow in _RINGS:
        ring = oval.copy()
        ring[:, :2] = centre + reach * (oval[:, :2] - centre)
        ring[:, 2] += _HAIR_DEPTH * unit * (reach - 1)
        below = np.clip((ring[:, 1] - chin) / (1.1 * unit), 0, 1)
        rings.append(ring)
        follows.append(follow * (1 - below * below * (3 - 2 * below)))
    return rings, np.concatenate(follows).astype(np.float32)[:, None]


def _few_triangles(face: Floats, unit: float) -> NDArray[np.int32]:
    """Triangles between landmarks that lie at least a tenth of an eye distance apart, and the outline; shape (m, 3)."""
    chosen = list(topology.OVAL)
    for landmark in range(len(face)):
        if np.linalg.norm(face[chosen, :2] - face[landmark, :2], axis=1).min() > unit / 10:
            chosen.append(landmark)
    low, high = face[:, :2].min(axis=0) - 9, face[:, :2].max(axis=0) + 9
    plane = cv2.Subdiv2D((int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])))
    for landmark in chosen:
        plane.insert((float(face[landmark, 0]), float(face[landmark, 1])))
    corners = np.array(plane.getTriangleList(), np.float32).reshape(-1, 3, 2)
    away = np.linalg.norm(corners[:, :, None] - face[chosen, :2], axis=3)
    # The plane begins with a triangle far outside; what hangs on its corners is dropped.
    inside = (away.min(axis=2) < 0.01).all(axis=1)
    few: NDArray[np.int32] = np.array(chosen, np.int32)[away[inside].argmin(axis=2)]
    return few


def _strips(first_ring: int) -> NDArray[np.int32]:
    """From the face to the shoulders: three for every step from the outline to the first ring, two for every step after that."""
    count = len(_OUTLINE)
    outer = first_ring + np.arange(count)
    this, between, following = (np.roll(topology.OVAL, -shift)[::2] for shift in (0, 1, 2))
    next_outer = np.roll(outer, -1)
    strips = [
        np.stack(corners, axis=1)
        for corners in (
            (this, outer, between),
            (between, outer, next_outer),
            (between, next_outer, following),
        )
    ]
    for _ in _RINGS[1:]:
        inner, outer = outer, outer + count
        next_inner, next_outer = np.roll(inner, -1), np.roll(outer, -1)
        strips.append(np.stack([inner, outer, next_outer], axis=1))
        strips.append(np.stack([inner, next_outer, next_inner], axis=1))
    return np.concatenate(strips).astype(np.int32)
