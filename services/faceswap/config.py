"""Section [faceswap] of the settings."""

from typing import Any

import msgspec

from services.faceswap.quality import Gates
from shared.engines import EngineChoice


class FaceswapConfig(EngineChoice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting of the stage."""

    engine: str = "mesh_warp"
    source: str = "stand_in"
    """Where the virtual human comes from: a name in sources/__init__.py."""
    source_options: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    """Per source name: its own options."""
    width: int = 640
    height: int = 480
    """Pixels of the mirror's picture."""
    fps: float = 30.0
    """Pictures a second."""
    jpeg_quality: int = 82
    """0..100."""
    gates: Gates = Gates()
    """What a photo must be like."""
