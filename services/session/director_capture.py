"""Enrolment inside the conversation: when it begins, what a refusal is answered with, when the play goes on without. Pure."""

from typing import Any

import msgspec

from services.session.director_beat import Beat
from services.session.director_lines import prepare_copy, question_understood
from services.session.director_scenes import decide, target_of
from services.session.director_state import Enrolment
from services.session.play import CAPTURED, CLOCK, Capture
from services.session.play_events import Captured, CaptureRefused, Show, StartCapture, StopCapture

HOPELESS = ("no_camera", "no_microphone", "failed")
"""Trying again does not help."""


def set_enrolment(beat: Beat, what: str, **fields: Any) -> None:
    """Change what is known of the face's or the voice's enrolment."""
    beat.change(**{what: msgspec.structs.replace(beat.state.enrolment(what), **fields)})


def begin_if_due(beat: Beat) -> None:
    """Start the scene's capture: a face when its line is over, a voice when its line begins. Never without consent."""
    capture = beat.here.capture
    state = beat.state
    if capture is None or "consent" not in state.facts or state.deciding is not None:
        return
    enrolment = state.enrolment(capture.what)
    if enrolment.status != "idle" or (enrolment.is_asking and capture.what == "face"):
        return
    cue = capture.cue or (beat.here.must_say[-1] if beat.here.must_say else "")
    saying = state.saying.due.line if state.saying is not None else ""
    if any(due.line == cue for due in state.due) or (capture.what == "face" and saying == cue):
        return
    _start(beat, capture)


def _start(beat: Beat, capture: Capture) -> None:
    beat.order(StartCapture(what=capture.what, min_speech_s=capture.min_speech_s, max_speech_s=capture.max_speech_s))
    deadline = beat.now + capture.wait_s if capture.what == "face" else 0.0
    set_enrolment(beat, capture.what, status="on", deadline=deadline, is_asking=False)


def captured(beat: Beat, told: Captured) -> None:
    """The copy can use it. A voice that comes after the copy has begun to speak is not used any more."""
    state = beat.state
    late = state.is_copy_awake
    if "consent" not in state.facts or told.what in state.facts or (late and told.what == "voice"):
        return
    beat.know(told.what)
    if told.what == "voice" and state.voice.status == "on":
        beat.order(StopCapture(what="voice"))  # it came while another was being gathered: one is enough
    beat.change(**{told.what: Enrolment(status="captured")})
    if told.what == "voice":
        prepare_copy(beat)
    elif state.shown == "veiled":
        beat.order(Show(is_shown=True))
        beat.change(shown="copy")
    capture = beat.here.capture
    if capture is not None and capture.what == told.what:
        _drop_words(beat, capture)
        beat.change(armed=CAPTURED, armed_at=beat.now, deciding=None)


def _drop_words(beat: Beat, capture: Capture) -> None:
    """What was still to be said about trying again is void."""
    words = {*capture.more, capture.without, *(line for lines in capture.words.values() for line in lines)}
    beat.change(due=tuple(due for due in beat.state.due if due.line not in words))


def refused(beat: Beat, told: CaptureRefused) -> None:
    """A try did not pass: say why and try again, at most `retries` times, then go on without."""
    capture = beat.here.capture
    if capture is None or capture.what != told.what:
        return
    enrolment = beat.state.enrolment(told.what)
    if enrolment.status not in ("on", "judged") or enrolment.is_asking:
        return
    if told.reason in HOPELESS or enrolment.tries >= capture.retries:
        give_up(beat, capture)
        return
    line = _words_for(beat, capture, told.reason)
    # Too little goes on gathering; every other reason begins anew once the words are over.
    goes_on = told.reason == "too_little"
    set_enrolment(
        beat, told.what, status="on" if goes_on else "idle", tries=enrolment.tries + 1, deadline=0.0,
        speech_s=enrolment.speech_s if goes_on else 0.0, is_asking=bool(line),
    )  # fmt: skip
    if line:
        beat.cancel_reply()
        beat.need(line, is_must=True, is_next=True)


def _words_for(beat: Beat, capture: Capture, reason: str) -> str:
    """A line that says it plainly and has not been said yet; empty if none is left."""
    lines = (*(capture.more if reason == "too_little" else ()), *capture.words.get(reason, ()),
             *capture.words.get("any", ()))  # fmt: skip
    return next((line for line in lines if line not in beat.state.used), "")


def give_up(beat: Beat, capture: Capture) -> None:
    """Go on without, and say so in character."""
    if capture.what == "voice":
        beat.order(StopCapture(what="voice"))
    beat.change(**{capture.what: Enrolment(status="without", tries=beat.state.enrolment(capture.what).tries)})
    _drop_words(beat, capture)
    beat.cancel_reply()
    if capture.without and capture.without not in beat.state.used:
        beat.need(capture.without, is_must=True)
    decide(beat, target_of(beat.here, CLOCK))


def refuse_capture(beat: Beat, capture: Capture) -> None:
    """The visitor would rather not: a face is left alone; for the voice another question is tried."""
    enrolment = beat.state.enrolment(capture.what)
    if enrolment.is_asking or enrolment.status == "captured":
        return
    if capture.what == "face" or enrolment.status != "on":
        give_up(beat, capture)
    else:
        refused(beat, CaptureRefused(what="voice", reason="too_little"))


def watch(beat: Beat) -> None:
    """End what waits too long, early enough to say so before the scene is over."""
    capture = beat.here.capture
    if capture is None:
        return
    enrolment = beat.state.enrolment(capture.what)
    words_left = beat.state.saying is not None or any(due.is_must for due in beat.state.due)
    if enrolment.is_asking and not words_left:
        set_enrolment(beat, capture.what, is_asking=False)
    if enrolment.deadline and beat.now >= enrolment.deadline and enrolment.status in ("on", "judged"):
        refused(beat, CaptureRefused(what=capture.what, reason="timeout"))
    last_words_s = beat.state.line_s(capture.without) + 1.0 if capture.without else 0.0
    is_late = beat.now >= beat.state.span().limit - last_words_s and beat.state.held_since is None
    if is_late and beat.is_floor_free() and beat.state.enrolment(capture.what).status in ("idle", "on"):
        give_up(beat, capture)


def gather(beat: Beat, speech_s: float) -> bool:
    """The visitor said something while a voice is gathered. True: it may be answered; False: more is asked for."""
    capture = beat.here.capture
    if capture is None or capture.what != "voice" or beat.state.voice.status not in ("on", "judged"):
        return True
    total_s = beat.state.voice.speech_s + speech_s
    set_enrolment(beat, "voice", speech_s=total_s)
    if total_s >= capture.min_speech_s:
        _drop_words(beat, capture)
        question_understood(beat, least=0.0)  # it asks for a story, and here is one
        set_enrolment(beat, "voice", status="judged", deadline=beat.now + capture.wait_s, is_asking=False)
        return True
    refused(beat, CaptureRefused(what="voice", reason="too_little"))
    return False
