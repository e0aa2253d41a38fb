"""What a check found: the line that `mirror doctor` prints. Every stage checks its own engine in its `checkup.py`."""

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One check."""

    check: str
    """What was looked at, in a few words."""
    state: Literal["right", "missing", "wrong"]
    """missing: the mirror can open without it, less well. wrong: it cannot open."""
    found: str
    """What is there: a version, a time, an address. Never a secret."""
    cure: str = ""
    """What to do about it; empty only where all is right."""
    figures: dict[str, float] = {}
    """What was measured, each unit in its name: `{"inference_ms": 41.2}`."""
