"""The engines of the face swapper, by the word that chooses them in the settings."""

from services.faceswap.face_swapper import FaceSwapper
from shared.engines import Engines

ENGINES: Engines[FaceSwapper] = Engines(
    "faceswap",
    {
        "inswapper": "services.faceswap.engines.inswapper",
        "mesh_warp": "services.faceswap.engines.mesh_warp",
        "passthrough": "services.faceswap.engines.passthrough",
        "fallback": "services.faceswap.engines.fallback",
    },
)
