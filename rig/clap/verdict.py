"""What a measured delay means for `[a2f_bridge] av_offset_ms`. Pure."""

import msgspec

AIM_MS = 30.0
"""The middle of what is not noticed: sound 0 to 60 ms late. Early sound is noticed from 30 ms on."""
BEST_MS = (0.0, 60.0)
MOST_MS = 1000.0


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A calibration."""

    method: str
    """flash or lips."""
    sound_late_ms: float
    """At the glass; negative: the sound is early."""
    spread_ms: float
    measured: int
    """Claps that were paired, or seconds of speech."""
    baseline_ms: float
    """What the camera itself makes of sound and picture that are together; taken off already."""
    av_offset_ms: float
    """As it was set."""
    set_av_offset_ms: float
    """What to set."""
    is_right: bool
    """Nothing need be changed."""
    warnings: tuple[str, ...] = ()


def decide(found: tuple[str, float, float, int], *, baseline_ms: float, av_offset_ms: float, lead_ms: float) -> Verdict:
    """What to set.

    Args:
        found: Method, sound late by (ms), spread (ms), how much was measured.
        baseline_ms: What the same camera measures where sound and picture are together.
        av_offset_ms: As it was while the recording was made.
        lead_ms: `[session.turns] lead_s`: the offset must stay below it.
    """
    method, late_ms, spread_ms, measured = found
    late_ms -= baseline_ms
    is_right = BEST_MS[0] <= late_ms <= BEST_MS[1]
    # Lips that come late need their poses sent earlier: by as much as the sound is too early.
    wanted = av_offset_ms if is_right else av_offset_ms + AIM_MS - late_ms
    wanted = min(MOST_MS, max(0.0, round(wanted / 5.0) * 5.0))
    return Verdict(
        method=method,
        sound_late_ms=round(late_ms, 1),
        spread_ms=round(spread_ms, 1),
        measured=measured,
        baseline_ms=baseline_ms,
        av_offset_ms=av_offset_ms,
        set_av_offset_ms=wanted,
        is_right=is_right,
        warnings=tuple(_warnings(late_ms, spread_ms, wanted, lead_ms)),
    )


def _warnings(late_ms: float, spread_ms: float, wanted: float, lead_ms: float) -> list[str]:
    found = []
    if spread_ms > 25.0:
        found.append(
            f"the claps differ by {spread_ms:.0f} ms: the video path is uneven, look at fps and skipped in `mirror doctor`"
        )
    if wanted > lead_ms:
        found.append(
            f"{wanted:.0f} ms is more than [session.turns] lead_s allows ({lead_ms:.0f} ms): raise lead_s to {wanted / 1000 + 0.02:.2f}, "
            "or the first syllable of each turn comes too late for its lips"
        )
    if abs(late_ms) > 400.0:
        found.append("so far apart is seldom true: was the recording made with sound and picture of the same moment?")
    return found
