"""When the lines that must be said may be wanted at the earliest. Pure.

A scene of talk lasts its `min` at least; a gate or an enrolment is over as soon as its lines are said and answered. The main
coda has its appointed time, but its length decides when that is, and only a rendered line's length is known.
"""

from services.session.director_state import PlayState
from services.session.play_clock import coda_starts, line_s
from services.session.play_paths import spine

CODA_KNOWN_S = 10.0
"""The coda's length is known this long before it should start: a guess is a few seconds out."""


def dues(state: PlayState) -> dict[str, float]:
    """Must-say line -> seconds since the visit began, for every line on the way from here to the main coda."""
    found: dict[str, float] = {}
    begins = state.entered_at
    for scene in spine(state.play, state.scene):
        at = begins
        for line in (line for line in scene.must_say if line not in state.said):
            found[line] = max(state.now, at)
            at += line_s(state.play, line, state.language, state.measured)
        begins = max(state.now, at if scene.kind != "talk" else begins + scene.time.min)
    coda = coda_starts(state.play, state.language, state.measured) - CODA_KNOWN_S
    return found | {line: max(state.now, coda) for line in found if line in state.play.scene(state.play.coda).must_say}
