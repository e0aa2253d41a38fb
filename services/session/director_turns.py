"""Turns: what the visitor says, what it means for the play, and who answers. Pure."""

from services.session.director_beat import Beat
from services.session.director_brief import is_closing, room_for, wants_reply
from services.session.director_capture import gather, refuse_capture
from services.session.director_handlers import cover, fire, withdraw
from services.session.director_lines import question_understood
from services.session.director_scenes import decide, target_of
from services.session.director_state import Answering, Pending, PlayState
from services.session.play import CLOCK, Scene
from services.session.play_clock import LINE_START_S, REPLY_START_S
from services.session.play_events import Answer, CancelReply, ReplyDone, SignalGiven, UtteranceHeard

MEANING_WAIT_S = 2.0
"""So long a gate waits for what an answer meant, before it looks for the plain words itself."""
REPLY_SLACK_S = 5.0
"""A reply nothing is told of is given up after 1.5 times its longest length and these seconds."""
HANDLED = ("refusal", "off_topic", "dictation", "unsafe", "second_person")
REMEMBERED = 24
"""So many of the mirror's last words are kept, to be avoided."""


def heard(beat: Beat, told: UtteranceHeard) -> None:
    """The visitor said something and it is over."""
    state = beat.state
    if told.utterance <= state.last_utterance:
        return
    beat.change(
        last_utterance=told.utterance,
        is_visitor_speaking=False,
        words_until=0.0,
        quiet_since=state.now,
        silences=0,
        left_at=None,
    )
    scene = beat.here
    if scene.kind == "coda" or (scene.kind == "gate" and _is_too_early(state)):
        return
    beat.change(pending=Pending(
        utterance=told.utterance, text=told.text if scene.kind == "gate" else "",
        deadline=state.now + MEANING_WAIT_S, decides=scene.kind == "gate",
    ))  # fmt: skip
    if scene.kind != "gate" and gather(beat, told.speech_s) and state.saying is None:
        answer(beat, told.utterance)


def _is_too_early(state: PlayState) -> bool:
    """Consent is given to all that must be said first, or not at all; but an answer over the last second is an answer."""
    saying = state.saying
    is_asking = saying is not None and saying.due.is_must and state.now < saying.ordered_at + saying.length_s - 1.0
    return is_asking or any(due.is_must for due in state.due)


def answer(beat: Beat, utterance: int) -> None:
    """Let the model answer, if a reply has room; cover for it, if it is away; where it has none, nod."""
    state = beat.state
    if not wants_reply(state, state.now):
        if room_for(state, state.now) == 0 and beat.here.kind == "talk" and not state.due and state.deciding is None:
            nod(beat)
        return
    if "llm" in state.downs:
        cover(beat)
        return
    words = room_for(state, state.now)
    longest_s = words * 60.0 / state.play.speech_wpm
    beat.order(Answer(utterance=utterance))
    beat.change(
        answers=state.answers + 1,
        answering=Answering(
            ordered_at=state.now, is_closing=is_closing(state, state.now),
            deadline=state.now + REPLY_START_S + 1.5 * longest_s + REPLY_SLACK_S,
        ),
    )  # fmt: skip


def nod(beat: Beat) -> None:
    """Too late for a reply, and too early for what comes next: a word or two, so that nobody's last words fall into silence."""
    state = beat.state
    left_s = state.span().limit - state.now - LINE_START_S
    nods = (line for line in state.play.nods if line not in state.used and state.line_s(line) <= left_s)
    if line := next(nods, ""):
        beat.need(line)


def reply_done(beat: Beat, told: ReplyDone) -> None:
    """An improvised answer is over, or there was none."""
    state = beat.state
    was_asked = state.answering is not None
    was_closing = state.answering is not None and state.answering.is_closing
    replies = (*state.replies, told.said)[-REMEMBERED:] if told.said else state.replies
    beat.change(
        answering=None, quiet_since=state.now, free_from=state.now + beat.here.breath_s, replies=replies,
        was_closing=was_closing and not told.was_cut, steer="",
    )  # fmt: skip
    if was_asked and told.failed and not told.said and not state.is_visitor_speaking and beat.here.kind != "coda":
        cover(beat)


def signal_given(beat: Beat, told: SignalGiven) -> None:
    """What an utterance of this scene meant."""
    state, scene = beat.state, beat.here
    if told.utterance <= state.utterances_before or told.utterance > state.last_utterance or scene.kind == "coda":
        return
    is_awaited = state.pending is not None and state.pending.utterance == told.utterance
    if is_awaited:
        beat.change(pending=None)
    if scene.kind == "gate":
        _at_the_gate(beat, told, is_awaited=is_awaited)
    elif told.name == "withdrawn":
        withdraw(beat)
    elif told.name in scene.signals:
        arm(beat, scene, told.name)
    elif told.other == "refusal" and scene.capture is not None:
        refuse_capture(beat, scene.capture)
    elif told.other in HANDLED:
        fire(beat, told.other)


def _at_the_gate(beat: Beat, told: SignalGiven, *, is_awaited: bool) -> None:
    """A no counts whenever it comes, and is the last word; a yes, and what is neither, only once everything has been said."""
    signal = beat.here.signals.get(told.name)
    if signal is not None and "consent" not in signal.gives:
        beat.change(due=())
        decide(beat, target_of(beat.here, told.name))
    elif not is_awaited or beat.state.deciding is not None:
        return  # what comes behind a no changes nothing
    elif signal is not None:
        arm(beat, beat.here, told.name)
    else:
        _undecided(beat, told.other)


def arm(beat: Beat, scene: Scene, name: str) -> None:
    """A signal of the scene was given: its facts hold and its exit is open. A question that was cut by its answer was understood."""
    beat.know(*scene.signals[name].gives)
    question_understood(beat)
    if any(way.when == name for way in scene.next):
        beat.change(armed=name, armed_at=beat.now)


def _undecided(beat: Beat, other: str) -> None:
    """An answer at a gate that is neither yes nor no: asked once more, then it counts as no."""
    scene, state = beat.here, beat.state
    if other in ("unsafe", "second_person"):
        fire(beat, other)
    elif other == "refusal" or state.unclear >= len(scene.unclear):
        beat.change(due=())
        decide(beat, target_of(scene, CLOCK))
    else:
        beat.change(due=())
        beat.need(scene.unclear[state.unclear], is_must=True)
        beat.change(unclear=state.unclear + 1)


def give_up_waiting(beat: Beat) -> None:
    """No meaning came, or no end of a reply: go on without."""
    state = beat.state
    if state.pending is not None and state.now >= state.pending.deadline:
        pending = state.pending
        beat.change(pending=None)
        if pending.decides:
            plain = plain_signal(beat.here, state.language, pending.text)
            _at_the_gate(beat, SignalGiven(utterance=pending.utterance, name=plain), is_awaited=True)
    if state.answering is not None and state.now >= state.answering.deadline:
        beat.order(CancelReply())
        beat.change(answering=None, quiet_since=state.now)


def plain_signal(scene: Scene, language: str, text: str) -> str:
    """The signal one of whose examples was said word for word: enough for a yes when no model answers."""
    said = _plain(text)
    for name, signal in scene.signals.items():
        if said in {_plain(example) for example in signal.examples.get(language, ())}:
            return name
    return ""


def _plain(text: str) -> str:
    return " ".join("".join(c for c in text.lower() if c.isalnum() or c.isspace()).split())
