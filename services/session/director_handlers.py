"""What holds in every scene: silence, refusal, a second person, dictation, distress, a model or a stage that is away. Pure."""

from services.session.director_beat import Beat
from services.session.director_lines import PATIENCE_S
from services.session.director_scenes import decide, target_of
from services.session.play import CLOCK, NEXT, STAY, Handler

JUST_BEGUN_S = 1.2
"""A reply ordered no longer ago than this is not heard yet and can be replaced without a cut."""
CUTS_SPEECH = ("unsafe", "second_person", "withdrawn")
"""These stop a reply even in mid-word."""


def fire(beat: Beat, name: str) -> None:
    """Do what the play says about something that belongs to no scene."""
    handler: Handler = getattr(beat.state.play.anywhere, name)
    if not _takes_the_floor(beat, name):
        beat.change(steer=name)
        return
    line = next((line for line in handler.say if line not in beat.state.used), "")
    if name == "unsafe":
        beat.change(due=())
    if line:
        beat.cancel_reply()
        beat.need(line, is_next=True)
    _then(beat, handler.then if line or not handler.afterwards else handler.afterwards)


def _takes_the_floor(beat: Beat, name: str) -> bool:
    answering = beat.state.answering
    if answering is None or name in CUTS_SPEECH:
        return True
    return name not in ("off_topic", "stage_down") and beat.now - answering.ordered_at <= JUST_BEGUN_S


def _then(beat: Beat, then: str) -> None:
    if then == STAY:
        return
    if then != NEXT:
        beat.cancel_reply()
        beat.change(due=tuple(due for due in beat.state.due if not due.is_must))
        decide(beat, then)
        return
    go = target_of(beat.here, beat.state.armed or CLOCK)
    if go != beat.state.play.coda:  # the main coda waits for its time
        decide(beat, go)


def withdraw(beat: Beat) -> None:
    """The yes is taken back: stop, and leave for the ending that honours it."""
    beat.cancel_reply()
    beat.change(due=())
    decide(beat, beat.state.play.anywhere.withdrawn.go)


def cover(beat: Beat) -> None:
    """The model gave nothing: say a line of the play instead."""
    lines = beat.here.covers or beat.state.play.anywhere.model_down.say
    if line := next((line for line in lines if line not in beat.state.used), ""):
        beat.need(line)


def break_silence(beat: Beat) -> None:
    """Nobody speaks: say the next thing, later each time."""
    state, scene, silence = beat.state, beat.here, beat.state.play.anywhere.silence
    if not beat.is_floor_free() or state.due or state.deciding or state.held_since is not None or scene.kind == "coda":
        return
    is_waiting = scene.capture is not None and (
        scene.capture.what == "face" or state.voice.status in ("judged", "captured", "without")
    )
    after_s = silence.after_s[min(state.silences, len(silence.after_s) - 1)]
    if is_waiting or state.now - max(state.quiet_since, state.free_from) < after_s:
        return
    lines = (*scene.alone, *(silence.say if scene.kind == "talk" else ()))
    line = next((line for line in lines if line not in state.used), "")
    if line and state.now + state.line_s(line) < state.span().limit:
        beat.need(line)
        beat.change(silences=state.silences + 1, quiet_since=state.now)


def watch_stages(beat: Beat) -> None:
    """A stage has been away for a while: say so once, when nobody speaks."""
    state, handler = beat.state, beat.state.play.anywhere.stage_down
    away = [stage for stage, since in state.downs.items() if state.now - since >= handler.after_s]
    news = [stage for stage in away if stage not in state.spoken_downs]
    if news and beat.is_floor_free() and not state.due and beat.here.kind != "coda":
        beat.change(spoken_downs=(*state.spoken_downs, *news))
        fire(beat, "stage_down")


def is_gone(beat: Beat) -> bool:
    """Nobody has stood there for long enough."""
    left_at = beat.state.left_at
    return left_at is not None and beat.now - left_at >= beat.state.play.anywhere.left.after_s


def is_speech_stuck(beat: Beat) -> bool:
    """Voice activity that was never told to end: nobody speaks without a word understood for this long."""
    state = beat.state
    return state.is_visitor_speaking and state.now - state.speaking_since >= 6 * PATIENCE_S
