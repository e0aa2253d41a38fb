"""What to do while no picture of the virtual human comes: nothing, let the veil fall, then wait behind it. Pure.

Silence of the source is treated as a lost face is: the last swapped picture stands still, the veil falls over it, and behind the
veil it may stay for as long as it lasts. A picture that comes again lifts the veil as a face does that is found again.
"""

import math

import msgspec

GAP_S = 0.3
"""A source stutters for so long without anyone seeing more than a still picture. Unreal under load does, at 24 a second."""
STILL_S = 0.5
"""Behind the veil a picture so often: for a glass that was reloaded meanwhile, and as a sign of life."""


class Drought(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the source's silence; instants in seconds on the host clock."""

    rained_at: float = math.inf
    """When the last picture came, or when the first was waited for."""
    shown_at: float = -math.inf
    """When a picture was last made without one."""
    is_due: bool = False
    """Whether one shall be made without one now."""


def wait(before: Drought, now: float, *, is_veiled: bool) -> Drought:
    """The source has nothing new.

    Args:
        before: What was known.
        now: Host clock, seconds.
        is_veiled: Whether the last picture was shown behind the veil.
    """
    rained_at = min(before.rained_at, now)
    is_due = now - rained_at >= GAP_S and (not is_veiled or now - before.shown_at >= STILL_S)
    return Drought(rained_at=rained_at, shown_at=now if is_due else before.shown_at, is_due=is_due)
