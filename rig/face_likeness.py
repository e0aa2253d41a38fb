"""How much the face on the glass is the visitor's, and how much it is still the stand-in's."""

from contextlib import suppress
from statistics import fmean

from rig.likeness import read_picture
from rig.recording import Recording
from rig.visitor import Visitor
from shared.errors import BadInput, MirrorError

SAMPLES = 12
"""Pictures of the copy that are judged, evenly over the visit."""


def face_likeness(visitor: Visitor, recording: Recording) -> dict[str, object]:
    """Similarity of the shown face to the visitor's photo and to the stand-in's portrait; the mean over pictures."""
    nothing: dict[str, object] = {"similarity": None, "stand_in_similarity": None}
    shots = [shot for shot in recording.shots if shot.jpeg and _is_copy_alone(recording, shot.shown_at)]
    if not shots:
        return {**nothing, "reason": "the copy was never on the glass"}
    try:
        from services.faceswap.face_mesh import FaceMesh
        from services.faceswap.likeness import compare, describe
        from services.faceswap.sources.stand_in.drawing import load_portrait
    except ImportError as error:
        return {**nothing, "reason": f"the face service's packages are not installed here ({error})"}
    mesh = FaceMesh()
    try:
        photo, portrait = describe(read_picture(visitor.photo), mesh), describe(load_portrait()[0], mesh)
    except MirrorError as error:
        return {**nothing, "reason": str(error)}
    pairs = []
    for shot in shots[:: max(1, len(shots) // SAMPLES)][:SAMPLES]:
        with suppress(BadInput):  # a veiled copy has no face to find
            face = describe(read_picture(shot.jpeg), mesh)
            pairs.append((compare(face, photo), compare(face, portrait)))
    if not pairs:
        return {**nothing, "reason": "no face on the glass in any picture (veiled?)"}
    to_visitor, to_stand_in = (round(fmean(column), 3) for column in zip(*pairs, strict=True))
    return {"similarity": to_visitor, "stand_in_similarity": to_stand_in, "pictures": len(pairs)}


def _is_copy_alone(recording: Recording, at: float) -> bool:
    """Whether the glass showed the copy and nothing else: the reflection has been crossed over."""
    began, scene = next((pair for pair in reversed(recording.scenes) if pair[0] <= at), (0.0, None))
    if scene is None:
        return False
    return scene.look == "copy" or (scene.look == "crossing" and at - began > scene.crossing_s)
