"""From the photos of a burst to the visitor's face: decode, judge, choose, prepare. Blocking: runs in the worker thread."""

from collections.abc import Sequence

import cv2
import msgspec
import numpy as np

from services.faceswap.face_mesh import ACQUIRE, FaceMesh
from services.faceswap.face_swapper import FaceSwapper, Image, SourceFace
from services.faceswap.photo import read_photo
from services.faceswap.quality import NO_FACE, UNREADABLE, UPSIDE_DOWN, Gates, Verdict, best_of, judge, reason_of
from shared.errors import BadInput


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
    verdict = _look(photo, mesh, gates)
    if verdict.reason != NO_FACE:
        return verdict
    # The detector does not know faces on their head; a second look, turned round, tells the visitor what is wrong.
    turned = np.asarray(cv2.rotate(photo, cv2.ROTATE_180), np.uint8)
    return Verdict(reason=UPSIDE_DOWN) if _look(turned, mesh, gates).reason != NO_FACE else verdict


def _look(photo: Image, mesh: FaceMesh, gates: Gates) -> Verdict:
    """One decoded photo, as it stands."""
    mesh.forget()
    faces = mesh.detect(photo)
    sure = [face for face in faces if face.score >= ACQUIRE]
    points = mesh.locate(photo, max(sure, key=lambda face: float(face.size.prod()))) if sure else None
    mesh.forget()
    return judge(photo, faces, points, gates)
