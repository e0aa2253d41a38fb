"""Transcription engines by name; imported only when chosen."""

from services.asr.transcriber import Transcriber
from shared.engines import Engines

ENGINES: Engines[Transcriber] = Engines(
    "asr",
    {
        "faster_whisper": "services.asr.engines.faster_whisper",
        "moonshine": "services.asr.engines.moonshine",
        "scripted": "services.asr.engines.scripted",
        "fallback": "services.asr.engines.fallback",
    },
)
