"""Scenes: entering, leaving by a signal or the clock, the coda, the end. Pure."""

from services.session.director_beat import COPY_LOOKS, Beat
from services.session.director_lines import PATIENCE_S, prepare_copy, say_coda
from services.session.director_state import Deciding, DueLine, Enrolment
from services.session.play import CAPTURED, CLOCK, Scene
from services.session.play_clock import CODA_LEAD_S, coda_starts, way_from
from services.session.play_events import EndVisit, EnterScene, Show, StopCapture
from services.session.play_paths import spine

QUIET_BEFORE_LEAVING_S = 2.5
"""After a reply that may have asked something, a scene is not left before the visitor had this long to answer."""
ARMED_PATIENCE_S = 6.0
"""So long an enrolment that passed waits for the visitor to finish."""
OVER_S = 0.5
"""The visit is over this long after its duration, whatever is missing."""


def enter(beat: Beat, name: str, *, is_timed: bool = True) -> None:
    """Begin a scene."""
    beat.cancel_reply()
    if beat.state.scene:
        _close_captures(beat)
    state = beat.state
    scene = state.play.scene(name)
    due = () if scene.kind == "coda" else tuple(
        DueLine(line=line, is_must=True, since=state.now) for line in scene.must_say
    )  # fmt: skip
    beat.change(
        scene=name, way=way_from(state.play, spine(state.play, name) or (scene,), state.language, state.measured),
        entered_at=state.now, held_since=None if state.held_since is None else state.now, due=due,
        armed="", deciding=None, silences=0, unclear=0, steer="", was_closing=False, pending=None,
        quiet_since=state.now, utterances_before=state.last_utterance,
    )  # fmt: skip
    if scene.speaker == "self" and not state.is_copy_awake and scene.kind != "coda":
        _wake_copy(beat)
    _show(beat, scene)
    is_listening = scene.kind != "coda"
    beat.order(
        EnterScene(scene=name, expects=scene.expects, look=scene.look, mood=scene.mood, is_listening=is_listening)
    )
    if scene.capture is not None and scene.capture.what in beat.state.facts:
        beat.change(armed=CAPTURED, armed_at=state.now)
    if scene.kind == "coda":
        say_coda(beat, is_timed=is_timed and name == state.play.coda)


def _wake_copy(beat: Beat) -> None:
    """From here on the copy is what it is: a voice that comes later would be another person."""
    if "voice" not in beat.state.facts:
        beat.change(voice=Enrolment(status="without"))
        prepare_copy(beat)
    beat.change(is_copy_awake=True)


def _show(beat: Beat, scene: Scene) -> None:
    shown = beat.state.shown
    if scene.look in COPY_LOOKS:
        shown = "copy" if "face" in beat.state.facts else "veiled"
    elif scene.look != "farewell":  # in farewell the picture stays as it is
        shown = "nothing"
    if shown != beat.state.shown:
        beat.order(Show(is_shown=shown != "nothing", is_veiled=shown == "veiled"))
        beat.change(shown=shown)


def _close_captures(beat: Beat) -> None:
    """What is still being gathered is dropped; what is only being judged may still come."""
    capture = beat.here.capture
    if capture is not None and beat.state.enrolment(capture.what).status == "on":
        beat.order(StopCapture(what=capture.what))
        beat.change(**{capture.what: Enrolment(status="without")})


def decide(beat: Beat, go: str) -> None:
    """Leave for a scene as soon as the floor is free and what is due has been said."""
    beat.change(deciding=Deciding(go=go, since=beat.now))


def target_of(scene: Scene, way: str) -> str:
    """Where an exit leads; the clock's where the scene has none of that name."""
    return next((one.go for one in scene.next if one.when == way), "") or next(
        one.go for one in scene.next if one.when == CLOCK
    )


def leave_if_time(beat: Beat) -> None:
    """Take the exit that is open, if its time has come."""
    state = beat.state
    if beat.here.kind == "coda":
        return
    if is_coda_due(beat):
        enter(beat, state.play.coda if _may_end_with_coda(beat) else target_of(beat.here, CLOCK))
    elif state.deciding is not None:
        _leave_decided(beat, state.deciding)
    elif state.held_since is None:
        _leave_by_clock(beat)


def is_coda_due(beat: Beat) -> bool:
    """The main coda must begin now to end on time."""
    state = beat.state
    return state.now >= coda_starts(state.play, state.language, state.measured) - CODA_LEAD_S


def _may_end_with_coda(beat: Beat) -> bool:
    return "consent" in beat.state.facts and beat.state.remaining[-1].id == beat.state.play.coda


def _leave_decided(beat: Beat, deciding: Deciding) -> None:
    state = beat.state
    waited_s = state.now - deciding.since
    is_open = beat.is_floor_free() or (state.saying is None and waited_s >= PATIENCE_S)
    if is_open and not state.due and state.now >= state.free_from:
        enter(beat, deciding.go, is_timed=False)


def _leave_by_clock(beat: Beat) -> None:
    state, scene, span = beat.state, beat.here, beat.state.span()
    may_go = beat.is_floor_free() and not _is_voice_being_made(beat)
    if state.now >= span.limit and (may_go or state.now >= span.last):
        enter(beat, target_of(scene, state.armed or CLOCK))
    elif _has_must_lines(beat) or state.now < state.free_from:
        return
    elif scene.kind != "talk":
        if state.armed and state.now >= span.target and _may_pass(beat):
            enter(beat, target_of(scene, state.armed))
    elif state.now >= (span.target if state.armed else span.overtime) and _is_turn_over(beat):
        enter(beat, target_of(scene, state.armed or CLOCK))


def _is_voice_being_made(beat: Beat) -> bool:
    """Enough was said, and it becomes a voice in a moment: one that came behind the scene's end would not be used any more."""
    capture = beat.here.capture
    return capture is not None and capture.what == "voice" and beat.state.voice.status == "judged"


def _may_pass(beat: Beat) -> bool:
    """A gate or an enrolment is over; for a visitor who goes on speaking its end waits a little, a face's not at all."""
    state, capture = beat.state, beat.here.capture
    patience_s = ARMED_PATIENCE_S if capture is None or capture.what == "voice" else 0.0
    is_mirror_silent = state.saying is None and state.answering is None
    return beat.is_floor_free() or (is_mirror_silent and state.now - state.armed_at >= patience_s)


def _has_must_lines(beat: Beat) -> bool:
    return any(due.is_must for due in beat.state.due)


def _is_turn_over(beat: Beat) -> bool:
    state = beat.state
    return beat.is_floor_free() and (state.was_closing or state.now - state.quiet_since >= QUIET_BEFORE_LEAVING_S)


def end_if_over(beat: Beat) -> None:
    """End the visit when the coda is over, or its last moment has come."""
    state = beat.state
    duration_s = state.play.duration_s
    if beat.here.kind == "coda":
        is_time = not state.is_coda_timed or state.now >= duration_s - 1.0
        if (not state.coda_left and is_time) or state.now >= state.coda_deadline:
            end(beat, beat.here.ends)
    elif state.now >= duration_s + OVER_S:
        end(beat, "failed")


def end(beat: Beat, reason: str) -> None:
    """Nothing more is ordered after this."""
    beat.order(EndVisit(reason=reason))
    beat.change(ended=reason, due=(), saying=None, coda_left=(), answering=None, pending=None)
