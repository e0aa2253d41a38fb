"""How long things take and when they must be over: the arithmetic of the sharp end. Pure.

Two-sided pacing: seconds saved early are spent in later scenes in proportion to their `soft` time, and a late visit
squeezes them; what the rest of the way cannot do without is never spent.
"""

from collections.abc import Mapping

import msgspec

from services.session.play import Play, Scene

CODA_LEAD_S = 1.2
"""The coda's scene is entered this long before its first word: the picture changes, sound is on its way."""
REPLY_START_S = 1.3
"""From the end of an utterance to the first word of a reply, allowed for when counting its words."""
LINE_START_S = 0.4
"""From the order of a line to its first sample, allowed for."""
FEWEST_WORDS = 5
"""A reply that has no room for these is not begun."""
SLOWEST = 0.85
"""Voices differ: replies are counted at this share of the play's words a minute."""
GRACE_S = 4.0
"""Beyond a scene's limit someone who is speaking may finish within this ..."""
GRACE_TO_DECIDE_S = 8.0
"""... and longer at a gate and in an enrolment: nobody is timed out in the middle of an answer."""
STRETCH = 0.15
"""A scene whose signal never came stays this much longer than planned, hoping."""

Lengths = Mapping[str, float]
"""Line -> seconds, for lines that have been rendered."""


def speech_s(words: str, wpm: float) -> float:
    """Seconds it takes to say `words`, as a guess."""
    return len(words.split()) / wpm * 60.0 + 0.4


def line_s(play: Play, line: str, language: str, measured: Lengths) -> float:
    """Seconds a line takes: as rendered, else as guessed."""
    if line in measured:
        return measured[line]
    return speech_s(play.lines[line].text[language], play.speech_wpm)


def lines_s(play: Play, scene: Scene, language: str, measured: Lengths) -> float:
    """Seconds a scene's must-say lines take with the breaths between them."""
    breaths = max(0, len(scene.must_say) - 1) * scene.breath_s
    return breaths + sum(line_s(play, line, language, measured) for line in scene.must_say)


def coda_starts(play: Play, language: str, measured: Lengths) -> float:
    """Second of the visit at which the coda's first word must sound."""
    return play.duration_s - lines_s(play, play.scene(play.coda), language, measured)


def floor_s(play: Play, scene: Scene, language: str, measured: Lengths) -> float:
    """Seconds a scene cannot do without: its `min`, or its must-say lines if they take longer."""
    lines = len(scene.must_say)
    return max(scene.time.min, lines_s(play, scene, language, measured) + lines * LINE_START_S)


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A scene and what follows it: the arithmetic that stays the same while the scene is played. A turn asks for it 20 times."""

    scenes: tuple[Scene, ...]
    """From the scene up to and including the main coda; only the scene, if no way leads there."""
    duration_s: float
    """Of the play."""
    end: float
    """Second of the visit at which the main coda's scene must be entered."""
    room: float
    """Second at which the scene must leave the rest to those between it and the coda."""
    planned_s: float
    """`soft` times of the scene and of those between it and the coda."""


def way_from(play: Play, scenes: tuple[Scene, ...], language: str, measured: Lengths) -> Way:
    """The way along `scenes`; to be made anew when the length of a line becomes known."""
    between = scenes[1:-1]
    end = coda_starts(play, language, measured) - CODA_LEAD_S
    return Way(
        scenes=scenes, duration_s=play.duration_s, end=end,
        room=end - sum(floor_s(play, scene, language, measured) for scene in between),
        planned_s=scenes[0].time.soft + sum(scene.time.soft for scene in between),
    )  # fmt: skip


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """When a scene should and must be over, in seconds of the visit."""

    target: float
    """From here on a signal ends it at the next turn boundary."""
    overtime: float
    """From here on it ends without a signal."""
    limit: float
    """Here it ends, but whoever is speaking may finish."""
    last: float
    """Here it ends, whoever speaks."""


def span(way: Way, entered_at: float) -> Span:
    """The time of the way's first scene, entered at a second of the visit; holds by the operator already added."""
    scene, end = way.scenes[0], way.end
    if len(way.scenes) == 1:
        hard = min(entered_at + scene.time.hard, way.duration_s)
        last = min(hard + GRACE_S, way.duration_s)
        return Span(target=entered_at + scene.time.min, overtime=hard, limit=hard, last=last)
    if scene.kind == "talk" and len(way.scenes) == 2:
        # Nothing but the coda follows: to leave early would only make silence.
        return Span(target=end, overtime=end, limit=end, last=end)
    limit = way.room if scene.elastic else min(entered_at + scene.time.hard, way.room)
    last = max(limit, min(way.room, limit + (GRACE_S if scene.kind == "talk" else GRACE_TO_DECIDE_S)))
    if scene.kind != "talk":  # what was waited for is there: nobody waits for `min`
        return Span(target=entered_at, overtime=limit, limit=limit, last=last)
    soonest = entered_at + scene.time.min
    share = scene.time.soft / way.planned_s * (end - entered_at)
    target = min(max(soonest, entered_at + share), limit)
    overtime = min(limit, target + STRETCH * max(0.0, target - entered_at))
    return Span(target=target, overtime=overtime, limit=limit, last=last)


def words_in(seconds: float, wpm: float, at_most: int) -> int:
    """How many words a reply may have that must be over in `seconds`; 0 if too few to begin."""
    words = int((seconds - REPLY_START_S) * wpm / 60.0 * SLOWEST)
    return min(words, at_most) if words >= FEWEST_WORDS else 0
