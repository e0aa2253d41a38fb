"""How much the face on the glass is the visitor's, and how much it is still the stand-in's."""

import importlib
from collections.abc import Sequence

from rig.likeness import read_picture
from rig.recording import Recording, Shot
from rig.rehearsal_report import look_at
from rig.visitor import Visitor

SAMPLES = 12
"""Pictures of the copy that are judged, evenly over the visit."""


def face_likeness(visitor: Visitor, recording: Recording) -> dict[str, object]:
    """Similarity of the shown face to the visitor's photo and to the stand-in's portrait."""
    nothing: dict[str, object] = {"similarity": None, "stand_in_similarity": None}
    shots = [shot for shot in recording.shots if shot.jpeg and look_at(recording, shot.shown_at) == "copy"]
    if not shots:
        return {**nothing, "reason": "the copy was never on the glass"}
    try:
        measure = importlib.import_module("services.faceswap.likeness")
    except ImportError as error:
        return {**nothing, "reason": f"the face service has no measure here ({error})"}
    return {**nothing, **dict(measure.likeness(read_picture(visitor.photo), _pictures(shots)))}


def _pictures(shots: Sequence[Shot]) -> list[object]:
    step = max(1, len(shots) // SAMPLES)
    return [read_picture(shot.jpeg) for shot in shots[::step][:SAMPLES]]
