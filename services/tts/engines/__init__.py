"""The engines of the port `Synthesizer`: a word of the settings -> a module, imported only when it is chosen."""

from services.tts.synthesizer import Synthesizer
from shared.engines import Engines

ENGINES: Engines[Synthesizer] = Engines(
    "tts",
    {
        "f5": "services.tts.engines.f5",
        "piper": "services.tts.engines.piper",
        "tone": "services.tts.engines.tone",
        "fallback": "services.tts.engines.fallback",
    },
)
