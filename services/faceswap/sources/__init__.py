"""Where the picture of the virtual human comes from, by the word that chooses it in the settings."""

from services.faceswap.video_source import VideoSource
from shared.engines import Engines

SOURCES: Engines[VideoSource] = Engines(
    "faceswap",
    {
        "stand_in": "services.faceswap.sources.stand_in",
        "rtmp": "services.faceswap.sources.rtmp",
        "pull": "services.faceswap.sources.pull",
        "film": "services.faceswap.sources.film",
        "understudy": "services.faceswap.sources.understudy",
    },
    kind="source",
)
