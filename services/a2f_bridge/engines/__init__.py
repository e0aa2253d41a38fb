"""The engines of the face, by the word that chooses them."""

from services.a2f_bridge.face_animator import FaceAnimator
from shared.engines import Engines

ENGINES: Engines[FaceAnimator] = Engines(
    "a2f_bridge",
    {
        "audio2face": "services.a2f_bridge.engines.audio2face",
        "omniverse": "services.a2f_bridge.engines.omniverse",
        "embedded": "services.a2f_bridge.engines.embedded",
        "scripted": "services.a2f_bridge.engines.scripted",
        "fallback": "services.a2f_bridge.engines.fallback",
    },
)
