"""The director: a pure function from what happened to what is to be done. It owns time, order, must-say lines and the end.

`step` first takes note of what it is told, then looks at the clock: whatever is told, and if nothing is, every state is left
by its deadline, and the visit is over at most one second after its duration.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from services.session import (
    director_brief,
    director_capture,
    director_handlers,
    director_lines,
    director_scenes,
    director_turns,
)
from services.session.director_beat import Beat
from services.session.director_state import PlayState, View
from services.session.play import CLOCK, Play
from services.session.play_clock import way_from
from services.session.play_events import (
    AnyOrder,
    AnyTold,
    Brief,
    Captured,
    CaptureRefused,
    LineDone,
    LineMeasured,
    OperatorSaid,
    ReplyDone,
    SignalGiven,
    StageDown,
    StageUp,
    TakenUp,
    Tick,
    UtteranceHeard,
    VisitBegan,
    VisitorLeft,
    VisitorSpeaking,
)  # fmt: skip
from shared.errors import BadInput

__all__ = ["PlayState", "View", "brief", "open_play", "step", "view", "waits_for"]

WORDS_WAIT_S = 1.6
"""So long after the visitor fell silent their words may still come; nothing is said or left before."""
PATIENT_STEPS = 4
"""One step may enter a scene whose time is over already, and leave it again; not more often than this."""


def open_play(play: Play, language: str) -> PlayState:
    """A visit that has not begun yet.

    Args:
        play: A play that passed `play_check.check`.
        language: One of its languages.

    Raises:
        BadInput: The play does not speak that language.
    """
    if language not in play.languages:
        raise BadInput(f"play {play.id}: has no language {language!r}; it speaks {', '.join(play.languages)}")
    return PlayState(play=play, language=language)


def step(state: PlayState, told: AnyTold, now: float) -> tuple[PlayState, tuple[AnyOrder, ...]]:
    """What the visit is after something happened, and what is to be done.

    Args:
        state: The visit so far.
        told: What happened; `Tick` if nothing did.
        now: Seconds since the visit began; a clock that goes back is taken to stand still.
    """
    if state.ended:
        return state, ()
    beat = Beat(msgspec.structs.replace(state, now=max(state.now, now)))
    if not state.scene:
        _begin(beat, told)
    _NOTES[type(told)](beat, told)
    if not beat.state.ended:
        _look_at_clock(beat)
    if not beat.orders and msgspec.structs.replace(beat.state, now=state.now) == state:
        return state, ()  # only time has passed: a log of what changed the visit need not hold this
    return beat.state, tuple(beat.orders)


def brief(state: PlayState, now: float) -> Brief:
    """What a reply to whatever the visitor says next should know; also for guesses."""
    return director_brief.make_brief(msgspec.structs.replace(state, now=max(state.now, now)), max(state.now, now))


def waits_for(state: PlayState, line: str) -> bool:
    """Whether that order for a line still stands: it was neither told to be over nor given up."""
    return line in state.coda_left or (state.saying is not None and state.saying.order == line)


def view(state: PlayState) -> View:
    """What the operator page shows of the play."""
    return View(scene=state.scene, facts=state.facts, is_held=state.held_since is not None)


def _begin(beat: Beat, told: AnyTold) -> None:
    if isinstance(told, VisitBegan) and told.language in beat.state.play.languages:
        beat.change(language=told.language)
    director_scenes.enter(beat, beat.state.play.scenes[0].id)
    director_lines.prepare_host(beat)


def _look_at_clock(beat: Beat) -> None:
    director_lines.give_up_lost_lines(beat)
    director_turns.give_up_waiting(beat)
    if director_handlers.is_speech_stuck(beat):
        beat.change(is_visitor_speaking=False, quiet_since=beat.now)
    if director_handlers.is_gone(beat):
        director_scenes.end(beat, "left")
        return
    for _ in range(PATIENT_STEPS):
        scene = beat.state.scene
        director_scenes.leave_if_time(beat)
        if beat.state.scene == scene:
            break
    director_capture.watch(beat)
    director_handlers.watch_stages(beat)
    director_handlers.break_silence(beat)
    director_lines.say_next(beat)
    director_capture.begin_if_due(beat)
    director_scenes.end_if_over(beat)


def _measured(beat: Beat, told: LineMeasured) -> None:
    state = beat.state
    if told.seconds <= 0:
        return
    measured = {**state.measured, told.line: told.seconds}
    way = state.way and way_from(state.play, state.remaining, state.language, measured)
    beat.change(measured=measured, way=way)


def _speaking(beat: Beat, told: VisitorSpeaking) -> None:
    state = beat.state
    if told.is_speaking and not state.is_visitor_speaking:
        beat.change(is_visitor_speaking=True, speaking_since=state.now, words_until=0.0, left_at=None)
    elif not told.is_speaking and state.is_visitor_speaking:
        beat.change(is_visitor_speaking=False, quiet_since=state.now, words_until=state.now + WORDS_WAIT_S)


def _left(beat: Beat, _: VisitorLeft) -> None:
    if beat.state.left_at is None:
        beat.change(left_at=beat.now)


def _operator(beat: Beat, told: OperatorSaid) -> None:
    state = beat.state
    if told.action == "stop":
        director_scenes.end(beat, "operator")
    elif told.action == "hold" and state.held_since is None:
        beat.change(held_since=state.now)
    elif told.action == "resume" and state.held_since is not None:
        beat.change(entered_at=state.entered_at + state.now - state.held_since, held_since=None)
    elif told.action == "skip" and beat.here.kind != "coda":
        # By the clock's exit: skipping a gate never stands for a yes.
        beat.cancel_reply()
        beat.change(due=())
        director_scenes.decide(beat, director_scenes.target_of(beat.here, CLOCK))


def _stage_down(beat: Beat, told: StageDown) -> None:
    if told.stage not in beat.state.downs:
        beat.change(downs={**beat.state.downs, told.stage: beat.now})


def _stage_up(beat: Beat, told: StageUp) -> None:
    state = beat.state
    if told.stage == "asr" and "asr" in state.downs:
        beat.change(ears_back_at=state.now)
    beat.change(
        downs={stage: since for stage, since in state.downs.items() if stage != told.stage},
        spoken_downs=tuple(stage for stage in state.spoken_downs if stage != told.stage),
    )


def _nothing(beat: Beat, told: AnyTold) -> None:
    """The clock is looked at anyway."""


_NOTES: dict[type, Callable[[Beat, Any], None]] = {
    VisitBegan: _nothing, Tick: _nothing, LineMeasured: _measured, LineDone: director_lines.line_done,
    ReplyDone: director_turns.reply_done, VisitorSpeaking: _speaking, UtteranceHeard: director_turns.heard,
    SignalGiven: director_turns.signal_given, Captured: director_capture.captured,
    CaptureRefused: director_capture.refused, VisitorLeft: _left, TakenUp: director_lines.taken_up, OperatorSaid: _operator,
    StageDown: _stage_down, StageUp: _stage_up,
}  # fmt: skip
