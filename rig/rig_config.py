"""Section [rig] of the settings: what is true of the machine the mirror opens on, not of any stage."""

from typing import Annotated

import msgspec

Gigabytes = Annotated[float, msgspec.Meta(ge=0.0, le=200.0)]


class RigConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the card is shared, and whether visits may be kept."""

    unreal_vram_gb: Gigabytes = 8.0
    """What Unreal takes of the card this machine renders with; 0 if it renders elsewhere."""
    desktop_vram_gb: Gigabytes = 1.0
    """What the desktop and the kiosk's browser take."""
    may_record: bool = False
    """The operator's switch: whether `mirror record` may keep visits whose visitor says yes to it."""
    spare_vram_gb: Gigabytes = 1.0
    """Left free: under WSL2 a full card does not fail, it crawls."""
