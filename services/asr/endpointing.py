"""When a turn is over: how sure the turn model must be after how much silence, and when to stop asking it. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

CHECK_EVERY_S = 0.128
"""Silence between two questions to the turn model; each costs about 45 ms of one core."""

LONG_TURN_S = 12.0
"""From here on a shorter silence is enough: the visitor is telling, and the play waits."""

VERY_LONG_TURN_S = 17.0
"""From here on any breath ends the turn, before it must be cut in mid-word."""

_THRESHOLDS = ((0.0, 0.96), (0.15, 0.95), (0.35, 0.85), (0.7, 0.3))
# (share of the way from min to max silence, probability asked for), held against the mean of all answers in the pause: single
# answers jump by 0.5 between two frames. On 43 ends and 65 pauses of human speech: 0.46 s mean delay (docs/adr/0020 has the
# table against fixed silences); the last answer alone ends falsely in 8 pauses where the mean does in 6.


class Patience(msgspec.Struct, frozen=True):
    """How long a silence may be."""

    min_s: float
    """Never ends before. The turn model is out of its depth below 0.19 s."""
    max_s: float
    """Always ends here, whatever the turn model thinks: some true ends look unfinished to it."""


PATIENCE = {
    "yes_no": Patience(0.192, 0.5),
    "name": Patience(0.192, 0.8),
    "short": Patience(0.192, 0.8),
    "open": Patience(0.192, 0.8),
    "story": Patience(0.192, 1.3),
    "none": Patience(0.192, 0.96),
}
"""By what kind of answer the scene asked for (`SceneEntered.expects`)."""


def patience_for(table: Mapping[str, Patience], expects: str, turn_s: float) -> Patience:
    """How long to wait after a turn of `turn_s` seconds; an unknown kind of answer counts as open."""
    patience = table.get(expects, PATIENCE["open"])
    if turn_s >= VERY_LONG_TURN_S:
        return Patience(0.192, 0.192)
    if turn_s >= LONG_TURN_S:
        return Patience(min(patience.min_s, 0.192), min(patience.max_s, 0.6))
    return patience


def threshold(patience: Patience, silence_s: float) -> float:
    """How probable the end must be for it to count after `silence_s` of silence: falls as the silence grows."""
    if silence_s < patience.min_s:
        return float("inf")
    if silence_s >= patience.max_s:
        return 0.0
    share = (silence_s - patience.min_s) / (patience.max_s - patience.min_s)
    return [asked for begins, asked in _THRESHOLDS if share >= begins - 1e-6][-1]


def is_over(patience: Patience, silence_s: float, answers: Sequence[float]) -> bool:
    """Whether the turn ends, given what the turn model said so far of this pause (at least once), now `silence_s` long."""
    return sum(answers) / len(answers) >= threshold(patience, silence_s)


def is_check_due(patience: Patience, silence_s: float, last_check_s: float | None) -> bool:
    """Whether to ask the turn model now. `last_check_s` is the silence at the last question in this pause."""
    if not patience.min_s <= silence_s < patience.max_s:
        return False
    return last_check_s is None or silence_s - last_check_s >= CHECK_EVERY_S - 1e-6
