"""Whether a picture of a live stream still is of this moment. Pure.

A stream's pictures carry the sender's clock. The promptest of them tells how the two clocks lie; one that comes much later
than that is part of a backlog: the sender or the network stood still, and now everything comes at once. A backlog is not
shown, or the virtual human would be seen to race. But if pictures go on to come late at their own pace, no backlog is being
worked off: the sender's clock jumped, and that is the new normal.
"""

import msgspec

LATE_S = 0.2
"""Later than this is a backlog. Encoder and network are uneven by up to 60 ms (p95, RTMP on one machine)."""
NEW_NORMAL_S = 0.5
"""So long pictures must come late, at their own pace, to be right after all."""
GAIN_S = 0.1
"""Pictures that come in this much less time than they were taken in are a backlog being worked off."""
DRIFT = 0.002
"""How fast two clocks may drift apart, seconds a second, without anything being late."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a stream's clock; all instants in seconds, `at` on ours and `taken` on the sender's."""

    offset_s: float = 0.0
    """Our clock minus the sender's, at the promptest picture."""
    last_at: float = -1.0
    """When the last picture came; below 0: none has."""
    late_since_at: float = -1.0
    """When the pictures that come late at their own pace began; below 0: none are."""
    late_since_taken: float = 0.0
    lateness_s: float = 0.0
    """Of the last picture."""
    is_fresh: bool = True
    """Whether the last picture may be shown."""


def judge(before: Pace, taken: float, at: float) -> Pace:
    """What is known after one more picture.

    Args:
        before: What was known.
        taken: The picture's time on the sender's clock, seconds.
        at: When it came, host clock, seconds.
    """
    if before.last_at < 0.0:
        return Pace(offset_s=at - taken, last_at=at)
    offset_s = min(before.offset_s + DRIFT * max(0.0, at - before.last_at), at - taken)
    lateness_s = at - taken - offset_s
    if lateness_s <= LATE_S:
        return Pace(offset_s=offset_s, last_at=at, lateness_s=lateness_s)
    since_at, since_taken = before.late_since_at, before.late_since_taken
    gained_s = (taken - since_taken) - (at - since_at)
    if since_at < 0.0 or gained_s > GAIN_S or taken < since_taken:
        since_at, since_taken = at, taken
    elif at - since_at >= NEW_NORMAL_S:
        return Pace(offset_s=at - taken, last_at=at)
    return Pace(
        offset_s=offset_s,
        last_at=at,
        late_since_at=since_at,
        late_since_taken=since_taken,
        lateness_s=lateness_s,
        is_fresh=False,
    )
