"""May this photo become the visitor's face? Gates on one face, size, pose, sharpness and light; the best of a burst."""

from collections.abc import Sequence

import cv2
import msgspec
import numpy as np

from services.faceswap.alignment import crop_matrix, eye_distance, eye_openness, five_points, pose, square_around_mesh
from services.faceswap.face_mesh import Face
from services.faceswap.face_swapper import Image, Points

NO_FACE, TWO_FACES, UNREADABLE = "no_face", "two_faces", "unreadable"
TOO_SMALL, TOO_LARGE = "too_small", "too_large"
TURNED_AWAY, UPSIDE_DOWN, BLURRED = "turned_away", "upside_down", "blurred"
TOO_DARK, TOO_BRIGHT = "too_dark", "too_bright"

_CROP = 112
"""Sharpness and light are judged on an upright crop of the face this large: the same for a near and a far face."""
_HELPFUL = (
    TWO_FACES,
    UPSIDE_DOWN,
    TURNED_AWAY,
    TOO_SMALL,
    TOO_LARGE,
    TOO_DARK,
    TOO_BRIGHT,
    BLURRED,
    NO_FACE,
    UNREADABLE,
)
"""Which reason of a refused burst helps the visitor most, when several are equally frequent."""


class Gates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds; tuned on site."""

    min_score: float = 0.6
    """Confidence of the detector, 0..1."""
    second_face: float = 0.3
    """A second face smaller than this share of the first's area is a passer-by and may stay."""
    min_eye_distance_px: float = 36.0
    """Below it the texture has fewer pixels than the mirror shows and looks soft. 90 is what biometrics ask for."""
    max_face_height: float = 0.95
    """Share of the picture's height; above it chin or forehead are cut off."""
    max_yaw_deg: float = 22.0
    max_pitch_deg: float = 30.0
    """The mesh reads an upright head as up to 12 degrees bent, with the lens a little above or below."""
    max_roll_deg: float = 25.0
    min_sharpness: float = 25.0
    """Variance of the Laplacian of the 112-pixel crop: 5 is out of focus, 25 soft, 100 and more sharp."""
    min_light: float = 45.0
    max_light: float = 215.0
    """Mean grey of the face, 0..255."""
    max_clipped: float = 0.10
    """Share of the face that is pure white."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one photo is worth."""

    reason: str = ""
    """Why it is refused, as in FaceRefused; empty: it passed."""
    score: float = 0.0
    """Higher is better; only to compare photos that passed."""
    points: Points | None = None


def judge(photo: Image, faces: Sequence[Face], points: Points | None, gates: Gates) -> Verdict:
    """One photo.

    Args:
        photo: The picture.
        faces: What the detector found in it, best first.
        points: Landmarks of its largest face, or None if the mesh did not confirm it.
        gates: The thresholds.
    """
    sure = sorted((face for face in faces if face.score >= gates.min_score), key=_area, reverse=True)
    if not sure or points is None:
        return Verdict(reason=NO_FACE)
    if len(sure) > 1 and _area(sure[1]) > gates.second_face * _area(sure[0]):
        return Verdict(reason=TWO_FACES)
    reason = _size_reason(photo, points, gates) or _pose_reason(points, gates)
    if reason:
        return Verdict(reason=reason)
    grey = _face_crop(photo, points)
    sharpness = float(cv2.Laplacian(grey, cv2.CV_64F).var())
    reason = _light_reason(grey, gates) or (BLURRED if sharpness < gates.min_sharpness else "")
    if reason:
        return Verdict(reason=reason)
    return Verdict(score=_score(points, sharpness, gates), points=points)


def best_of(verdicts: Sequence[Verdict]) -> int | None:
    """Which photo of a burst to take, or None if none passed."""
    passed = [index for index, verdict in enumerate(verdicts) if not verdict.reason]
    return max(passed, key=lambda index: verdicts[index].score) if passed else None


def reason_of(verdicts: Sequence[Verdict]) -> str:
    """Why a burst of which no photo passed is refused: its most frequent reason, among equals the most helpful."""
    reasons = [verdict.reason for verdict in verdicts]
    return max(_HELPFUL, key=lambda reason: (reasons.count(reason), -_HELPFUL.index(reason))) if reasons else NO_FACE


def _area(face: Face) -> float:
    return float(face.size.prod())


def _size_reason(photo: Image, points: Points, gates: Gates) -> str:
    if eye_distance(points) < gates.min_eye_distance_px:
        return TOO_SMALL
    return TOO_LARGE if float(np.ptp(points[:, 1])) > gates.max_face_height * photo.shape[0] else ""


def _pose_reason(points: Points, gates: Gates) -> str:
    turn = pose(points)
    if abs(turn.roll) > 120:
        return UPSIDE_DOWN
    is_away = abs(turn.yaw) > gates.max_yaw_deg or abs(turn.pitch) > gates.max_pitch_deg
    return TURNED_AWAY if is_away or abs(turn.roll) > gates.max_roll_deg else ""


def _light_reason(grey: Image, gates: Gates) -> str:
    mean = float(grey.mean())
    if mean < gates.min_light:
        return TOO_DARK
    return TOO_BRIGHT if mean > gates.max_light or float((grey >= 253).mean()) > gates.max_clipped else ""


def _face_crop(photo: Image, points: Points) -> Image:
    """The face from brow to chin, upright and grey, shape (112, 112)."""
    square = square_around_mesh(points)
    matrix = crop_matrix(square._replace(side=square.side * 0.55), _CROP)
    crop = cv2.warpAffine(photo, matrix, (_CROP, _CROP), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)


def _score(points: Points, sharpness: float, gates: Gates) -> float:
    """Frontal, sharp, eyes open, mouth at rest; each between 0 and 1."""
    turn = pose(points)
    frontal = 1 - min(1.0, abs(turn.yaw) / gates.max_yaw_deg)
    level = 1 - min(1.0, abs(turn.roll) / gates.max_roll_deg)
    sharp = min(1.0, sharpness / (8 * gates.min_sharpness))
    open_eyes = min(1.0, min(eye_openness(points)) / 0.3)
    large = min(1.0, float(np.linalg.norm(five_points(points)[1] - five_points(points)[0])) / 120)
    return 0.3 * frontal + 0.1 * level + 0.25 * sharp + 0.25 * open_eyes + 0.1 * large
