"""From the photos of a burst to the visitor's face: decode, judge, choose, prepare. Blocking: runs in the worker thread."""

from collections.abc import Sequence

import cv2
import msgspec
import numpy as np

from services.faceswap.face_mesh import ACQUIRE, Face, FaceMesh
from services.faceswap.face_swapper import FaceSwapper, Image, SourceFace
from services.faceswap.photo import read_photo
from services.faceswap.quality import (
    UNREADABLE,
    UPSIDE_DOWN,
    Gates,
    Verdict,
    best_of,
    judge,
    reason_of,
)
from shared.errors import BadInput

_SURELY_UPRIGHT = 0.85
"""Detector's confidence: measured 0.89 to 0.96 on eight upright faces, 0.60 to 0.75 on the same ones turned round."""
_CLEARLY_BETTER = 0.08


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """How a burst ended."""

    source: SourceFace | None = None
    frame: int = -1
    """Index of the chosen photo."""
    reason: str = ""
    """Why none was chosen."""


def enrol(photos: Sequence[bytes], mesh: FaceMesh, swapper: FaceSwapper, gates: Gates) -> Enrolled:
    """The best photo of a burst as a face, or the reason why there is none."""
    verdicts = [assess(photo, mesh, gates) for photo in photos]
    best = best_of(verdicts)
    if best is None:
        return Enrolled(reason=reason_of(verdicts))
    return Enrolled(source=swapper.prepare(read_photo(photos[best])), frame=best)


def assess(data: bytes, mesh: FaceMesh, gates: Gates) -> Verdict:
    """One encoded photo."""
    try:
        photo = read_photo(data)
    except BadInput:
        return Verdict(reason=UNREADABLE)
    return assess_picture(photo, mesh, gates)


def assess_picture(photo: Image, mesh: FaceMesh, gates: Gates) -> Verdict:
    """One decoded photo."""
    mesh.forget()
    faces = mesh.detect(photo)
    if _is_upside_down(photo, faces, mesh):
        return Verdict(reason=UPSIDE_DOWN)
    sure = [face for face in faces if face.score >= ACQUIRE]
    points = mesh.locate(photo, max(sure, key=lambda face: float(face.size.prod()))) if sure else None
    mesh.forget()
    return judge(photo, faces, points, gates)


def _is_upside_down(photo: Image, faces: Sequence[Face], mesh: FaceMesh) -> bool:
    """Whether the photo shows a face better when it is turned round.

    The networks know only upright faces, and take one on its head for a poor upright one; it may even pass the gates.
    """
    best = max((face.score for face in faces), default=0.0)
    if best >= _SURELY_UPRIGHT:
        return False
    turned = mesh.detect(np.asarray(cv2.rotate(photo, cv2.ROTATE_180), np.uint8))
    return max((face.score for face in turned), default=0.0) > best + _CLEARLY_BETTER
