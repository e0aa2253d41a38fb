"""Whether an engine that failed may swap again: it rests, then proves itself unseen on some frames in a row. Pure."""

import msgspec


class TrustLimits(msgspec.Struct, frozen=True, kw_only=True):
    """When trust is lost and when it is won back."""

    slow_s: float = 0.1
    """A frame that took longer than this was slow ..."""
    slow_frames: int = 15
    """... and so many slow frames in a row cost the trust: the mirror would crawl."""
    rest_s: float = 5.0
    """Rest after the first failure; twice as long after each further one."""
    max_rest_s: float = 60.0
    proof_frames: int = 10
    """Good frames in a row, drawn unseen, that win the trust back."""


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine has earned so far."""

    is_trusted: bool = True
    good: int = 0
    """Good frames in a row since it rests."""
    slow: int = 0
    """Slow frames in a row."""
    failures: int = 0
    """Without the trust having been won back for as long as the longest rest in between."""
    rests_until: float = 0.0
    """When it may be tried again, seconds."""
    trusted_since: float = 0.0
    why: str = ""
    """What cost it the trust."""


def failed(trust: Trust, why: str, now: float, limits: TrustLimits) -> Trust:
    """After a failure at `now`: seconds, any clock."""
    has_lasted = trust.is_trusted and now - trust.trusted_since >= limits.max_rest_s
    failures = 1 if has_lasted else trust.failures + 1
    rest = min(limits.max_rest_s, limits.rest_s * 2 ** (failures - 1))
    return Trust(is_trusted=False, failures=failures, rests_until=now + rest, why=why)


def succeeded(trust: Trust, took_s: float, now: float, limits: TrustLimits) -> Trust:
    """After a frame that was drawn, in whatever time."""
    is_slow = took_s > limits.slow_s
    slow = trust.slow + 1 if is_slow else 0
    if trust.is_trusted:
        if slow < limits.slow_frames:
            return msgspec.structs.replace(trust, slow=slow)
        return failed(trust, f"{slow} frames in a row took longer than {1000 * limits.slow_s:.0f} ms each", now, limits)
    if is_slow:
        return failed(trust, f"a frame took {1000 * took_s:.0f} ms", now, limits)
    good = trust.good + 1
    if good < limits.proof_frames:
        return msgspec.structs.replace(trust, good=good)
    return Trust(failures=trust.failures, trusted_since=now)
