"""Whether the face is locked, tracked, held or searching, and how thick the veil hangs. Pure: sight and time in, state out.

    locked     the mesh found the face in this frame
    tracked    the mesh missed it; optical flow carries its landmarks for a few frames
    held       neither: the last swapped picture stands still while the veil falls
    searching  the veil is down; whatever the source shows is seen only through it

A missed frame therefore never shows the bare virtual human.
"""

import msgspec

from services.faceswap.face_swapper import Points

LOCKED = "locked"
TRACKED = "tracked"
HELD = "held"
SEARCHING = "searching"


class TrackingLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long each state may last."""

    flow_frames: int = 8
    """Flow drifts: beyond this many frames its landmarks slide off the lips."""
    hold_s: float = 0.4
    """A picture that stands still longer than this is seen to stand still."""
    unveil_s: float = 0.3
    """How long the veil takes to lift once the face is back."""


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the face after a frame."""

    state: str = SEARCHING
    points: Points | None = None
    """Landmarks in this frame; None in held and searching."""
    missed: int = 0
    """Frames in a row in which the mesh did not find the face."""
    lost_at: float = 0.0
    """When held began, seconds."""
    veil: float = 1.0
    """0: clear, 1: down."""
    at: float = 0.0
    """When this frame was, seconds."""


def advance(
    before: Tracking, seen: Points | None, carried: Points | None, now: float, limits: TrackingLimits
) -> Tracking:
    """The state after one more frame.

    Args:
        before: The state so far.
        seen: Landmarks the mesh found in the new frame, or None.
        carried: Landmarks that optical flow carried into it, or None; only asked for when `seen` is None.
        now: The new frame's time, seconds.
        limits: How long each state may last.
    """
    dt = max(0.0, now - before.at)
    if seen is not None:
        return Tracking(state=LOCKED, points=seen, veil=_lift(before, dt, limits), at=now)
    missed = before.missed + 1
    if carried is not None and before.state in (LOCKED, TRACKED) and missed <= limits.flow_frames:
        return Tracking(state=TRACKED, points=carried, missed=missed, veil=_lift(before, dt, limits), at=now)
    if before.state == SEARCHING:
        return Tracking(missed=missed, at=now)
    lost_at = before.lost_at if before.state == HELD else now
    if now - lost_at >= limits.hold_s:
        return Tracking(missed=missed, lost_at=lost_at, at=now)
    veil = max(before.veil, (now - lost_at) / limits.hold_s)
    return Tracking(state=HELD, missed=missed, lost_at=lost_at, veil=veil, at=now)


def _lift(before: Tracking, dt_s: float, limits: TrackingLimits) -> float:
    return max(0.0, before.veil - dt_s / limits.unveil_s)
