"""Rig: F5-TTS speaks in a voice it has heard a few seconds of. A clone, and called one.

Not the package's own way in: that writes the visitor's voice to disk, asks a hub, and speaks a clause only when all are done. Its
classes are used, its schedule is ours (docs/adr/0043).
"""

from services.tts.engines.f5.engine import open_engine
from services.tts.engines.f5.options import Options

__all__ = ["Options", "open_engine"]
